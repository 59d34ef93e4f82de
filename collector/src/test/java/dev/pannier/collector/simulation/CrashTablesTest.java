package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// ARCHITECTURE.md's tables of what survives a crash: each row names the tests that show it.
class CrashTablesTest {
  private static final Pattern TEST = Pattern.compile("`([a-z]\\w+)`");
  private static final Pattern METHOD =
      Pattern.compile(
          "@(?:Test|ParameterizedTest|Property)\\b[^;{}]*?(?:\\{[^;{}]*}[^;{}]*?)*\\bvoid"
              + " (\\w+)\\(");

  private static Set<String> methods() throws IOException {
    Set<String> names = new HashSet<>();
    for (String module : List.of("collector", "shippers", "integration-tests")) {
      List<Path> sources;
      try (Stream<Path> all = Files.walk(Path.of("..", module, "src", "test", "java"))) {
        sources = all.filter(path -> path.toString().endsWith(".java")).toList();
      }
      for (Path source : sources) {
        Matcher method = METHOD.matcher(Files.readString(source));
        while (method.find()) {
          names.add(method.group(1));
        }
      }
    }
    return names;
  }

  @Test
  void eachRowNamesTestsThatAreThere() throws IOException {
    Set<String> methods = methods();
    List<String> unshown = new ArrayList<>();
    int rows = 0;
    boolean inTable = false;
    for (String line : Files.readAllLines(Path.of("..", "ARCHITECTURE.md"))) {
      if (!line.startsWith("|")) {
        inTable = false;
      } else if (line.endsWith("| shown by |")) {
        inTable = true;
      } else if (inTable && !line.startsWith("|---")) {
        rows++;
        String shownBy = line.substring(line.lastIndexOf('|', line.length() - 2));
        List<String> named = TEST.matcher(shownBy).results().map(name -> name.group(1)).toList();
        if (named.isEmpty() || !methods.containsAll(named)) {
          unshown.add(line);
        }
      }
    }
    assertThat(unshown).isEmpty();
    assertThat(rows).isGreaterThan(20);
  }
}
