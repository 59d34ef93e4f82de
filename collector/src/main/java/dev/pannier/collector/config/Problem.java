package dev.pannier.collector.config;

/// One thing that is wrong with the configuration, as it is told: `file:line: key: what is wrong
/// (value)`. Values of secrets are masked before they come here.
///
/// @param file    the file as it was named, or `environment`
/// @param line    from 1; 0 where there is no line
/// @param key     the path of the key (`sources.files[0].include`), or an environment variable
/// @param message what is wrong, with the value
public record Problem(String file, int line, String key, String message) {
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(file).append(':');
    if (line > 0) {
      text.append(line).append(':');
    }
    return text.append(' ').append(key).append(": ").append(message).toString();
  }
}
