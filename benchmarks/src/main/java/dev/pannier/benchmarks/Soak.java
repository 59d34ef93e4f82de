package dev.pannier.benchmarks;

import java.util.Arrays;
import java.util.List;

/// What a long run took, sampled at equal intervals.
///
/// @param lines     that were written to files
/// @param spans     that were acknowledged to their sender
/// @param suffix    of its row's name
/// @param confirmed lines and spans, by the sidecar's own count
/// @param cpu       processors used
/// @param peakMiB   the most resident memory, which samples may miss
public record Soak(
    String name,
    String suffix,
    long lines,
    long spans,
    long confirmed,
    double seconds,
    double cpu,
    double peakMiB,
    List<Sample> samples) {
  /// @param at         seconds from the beginning
  /// @param resident   MiB
  /// @param proportional MiB
  /// @param mibASecond confirmed since the sample before, of lines
  public record Sample(
      double at,
      double resident,
      double proportional,
      double threads,
      double descriptors,
      double mibASecond) {
    double of(Figure figure) {
      return switch (figure) {
        case RSS -> resident;
        case PSS -> proportional;
        case THREADS -> threads;
        case DESCRIPTORS -> descriptors;
        case RATE -> mibASecond;
      };
    }
  }

  /// What is sampled.
  enum Figure {
    RSS("RSS, MiB"),
    PSS("PSS, MiB"),
    THREADS("threads"),
    DESCRIPTORS("file descriptors"),
    RATE("lines confirmed, MiB/s");

    private final String title;

    Figure(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  private static final int WIDTH = 720;
  private static final int HEIGHT = 110;
  private static final int GAP = 34;
  private static final int LEFT = 60;

  /// Whether all that was written and acknowledged was confirmed, once.
  public boolean closes() {
    return lines + spans == confirmed;
  }

  double first(Figure figure) {
    return median(figure, 0, tenth());
  }

  double last(Figure figure) {
    return median(figure, samples.size() - tenth(), samples.size());
  }

  double lowest(Figure figure) {
    return samples.stream().mapToDouble(sample -> sample.of(figure)).min().orElse(0);
  }

  double highest(Figure figure) {
    if (figure == Figure.RSS) {
      return peakMiB;
    }
    return samples.stream().mapToDouble(sample -> sample.of(figure)).max().orElse(0);
  }

  private int tenth() {
    return Math.max(1, samples.size() / 10);
  }

  private double median(Figure figure, int from, int to) {
    double[] values =
        samples.subList(from, to).stream().mapToDouble(sample -> sample.of(figure)).toArray();
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /// An SVG: a curve for each figure over the same time, each from 0 to its highest.
  String picture() {
    StringBuilder svg = new StringBuilder();
    int height = Figure.values().length * (HEIGHT + GAP) + GAP;
    svg.append(
        Text.of(
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
            <rect width="100%%" height="100%%" fill="white"/>
            """,
            LEFT + WIDTH + 20, height));
    int top = GAP;
    for (Figure figure : Figure.values()) {
      curve(svg, figure, top);
      top += HEIGHT + GAP;
    }
    text(svg, LEFT, height - 8, "0 min");
    text(svg, LEFT + WIDTH - 40, height - 8, Text.of("%.0f min", seconds / 60));
    return svg.append("</svg>\n").toString();
  }

  private void curve(StringBuilder svg, Figure figure, int top) {
    double highest = Math.max(1e-9, highest(figure));
    text(svg, LEFT, top - 6, figure.title());
    text(svg, 4, top + 10, Text.number(highest));
    text(svg, 4, top + HEIGHT, "0");
    svg.append(
        Text.of(
            "<path d=\"M%d %dv%dh%d\" fill=\"none\" stroke=\"#999\"/>\n",
            LEFT, top, HEIGHT, WIDTH));
    svg.append("<polyline fill=\"none\" stroke=\"#06c\" points=\"");
    for (Sample sample : samples) {
      svg.append(
          Text.of(
              "%.1f,%.1f ",
              LEFT + sample.at / seconds * WIDTH,
              top + HEIGHT * (1 - sample.of(figure) / highest)));
    }
    svg.append("\"/>\n");
  }

  private static void text(StringBuilder svg, int x, int y, String text) {
    svg.append(Text.of("<text x=\"%d\" y=\"%d\">%s</text>\n", x, y, text));
  }
}
