package io.headrace.standalone.chaos;

import io.headrace.standalone.chaos.ChaosResult.Happened;
import io.headrace.testkit.history.Violation;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A run on one page, as text and as HTML with a timeline. */
final class Report {
    private static final int MOST_SHOWN = 10;
    private static final int WIDTH = 1000;
    private static final int LANE = 90;
    private static final int TOP = 40;
    private static final int LEFT = 80;
    private static final List<String> COLOURS = List.of("#2a6fbb", "#2f9e62", "#a15fbf", "#c98a1b");

    private final ChaosResult result;
    private final String version;

    Report(ChaosResult result, String version) {
        this.result = result;
        this.version = version;
    }

    private String verdict() {
        int count = result.violations().size();
        return count == 0 ? "no violation" : count + (count == 1 ? " violation" : " violations");
    }

    private String title() {
        return String.format(
                Locale.ROOT,
                "Headrace chaos: %s in %.0f s, %d faults, seed %d",
                verdict(),
                result.seconds(),
                result.happened().size(),
                result.schedule().seed());
    }

    String text() {
        StringBuilder text = new StringBuilder(title()).append("\n\n");
        text.append("Version ").append(version).append('\n');
        result.counts()
                .forEach(
                        (name, value) ->
                                text.append(String.format(Locale.ROOT, "%-28s %s%n", name, value)));
        text.append("\nFaults\n");
        for (Happened one : result.happened()) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "%7.1f s to %6.1f s  %-10s %s%n",
                            one.fromSeconds(),
                            one.toSeconds(),
                            name(one.kind()),
                            one.what()));
        }
        result.notes().forEach(note -> text.append(note).append('\n'));
        text.append("\nViolations\n");
        if (result.violations().isEmpty()) {
            text.append("none\n");
        }
        byKind().forEach(
                        (kind, all) -> {
                            text.append(kind).append(": ").append(all.size()).append('\n');
                            all.stream()
                                    .limit(MOST_SHOWN)
                                    .forEach(one -> text.append("  ").append(one).append('\n'));
                        });
        return text.toString();
    }

    private Map<String, List<Violation>> byKind() {
        return result.violations().stream()
                .collect(
                        Collectors.groupingBy(
                                violation -> violation.getClass().getSimpleName(),
                                TreeMap::new,
                                Collectors.toList()));
    }

    private static String name(FaultKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    String html() {
        StringBuilder html = new StringBuilder();
        html.append("<!doctype html><meta charset=\"utf-8\"><title>Headrace chaos</title>")
                .append("<style>body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}")
                .append("pre{background:#f5f6f8;padding:1em;overflow:auto}")
                .append("svg text{font:11px system-ui,sans-serif}</style>")
                .append("<h1>")
                .append(escape(title()))
                .append("</h1>")
                .append(timeline())
                .append("<pre>")
                .append(escape(text()))
                .append("</pre>\n");
        return html.toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private double x(double seconds) {
        return LEFT + seconds / Math.max(1, result.seconds()) * (WIDTH - LEFT - 10);
    }

    /** Faults as grey bars over the lanes of all workloads, records a second as lines. */
    private String timeline() {
        int height = TOP + LANE * result.activities().size() + 30;
        StringBuilder svg = new StringBuilder();
        svg.append(
                String.format(
                        Locale.ROOT,
                        "<svg viewBox=\"0 0 %d %d\" width=\"100%%\" role=\"img\""
                                + " aria-label=\"timeline\">",
                        WIDTH,
                        height));
        for (Happened one : result.happened()) {
            svg.append(
                    String.format(
                            Locale.ROOT,
                            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\""
                                    + " fill=\"#d33\" fill-opacity=\"0.15\"><title>%s</title>"
                                    + "</rect><text x=\"%.1f\" y=\"%d\" transform=\"rotate(-30"
                                    + " %.1f %d)\">%s</text>",
                            x(one.fromSeconds()),
                            TOP,
                            Math.max(1, x(one.toSeconds()) - x(one.fromSeconds())),
                            height - TOP - 30,
                            escape(one.what()),
                            x(one.fromSeconds()),
                            TOP - 4,
                            x(one.fromSeconds()),
                            TOP - 4,
                            name(one.kind())));
        }
        for (int lane = 0; lane < result.activities().size(); lane++) {
            svg.append(lane(result.activities().get(lane), lane));
        }
        for (int tick = 0; tick <= 10; tick++) {
            double seconds = result.seconds() * tick / 10;
            svg.append(
                    String.format(
                            Locale.ROOT,
                            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f s</text>",
                            x(seconds),
                            height - 10,
                            seconds));
        }
        return svg.append("</svg>").toString();
    }

    private String lane(Activity activity, int lane) {
        int[] perSecond = activity.perSecond();
        int most = 1;
        for (int count : perSecond) {
            most = Math.max(most, count);
        }
        int bottom = TOP + LANE * (lane + 1) - 8;
        StringBuilder points = new StringBuilder();
        for (int second = 0; second < perSecond.length; second++) {
            points.append(
                    String.format(
                            Locale.ROOT,
                            "%.1f,%.1f ",
                            x(second),
                            bottom - (LANE - 20.0) * perSecond[second] / most));
        }
        return String.format(
                Locale.ROOT,
                "<text x=\"4\" y=\"%d\">%s</text><text x=\"4\" y=\"%d\" fill=\"#777\">max"
                        + " %d/s</text><line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\""
                        + " stroke=\"#ccc\"/><polyline points=\"%s\" fill=\"none\" stroke=\"%s\""
                        + " stroke-width=\"1.5\"/>",
                bottom - 30,
                escape(activity.name()),
                bottom - 14,
                most,
                LEFT,
                WIDTH - 10,
                bottom,
                bottom,
                points,
                COLOURS.get(lane % COLOURS.size()));
    }
}
