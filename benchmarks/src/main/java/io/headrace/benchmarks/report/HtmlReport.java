package io.headrace.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The results as one page with bars, which needs nothing else. */
public final class HtmlReport {
    private static final List<String> COLOURS = List.of("#2563eb", "#64748b", "#a16207", "#15803d");
    private static final int BAR_WIDTH = 420;
    private static final int ROW_HEIGHT = 18;

    private HtmlReport() {}

    /** Writes the page beside the results and answers where it is. */
    public static Path write(Results results, String machine) throws IOException {
        StringBuilder page = new StringBuilder();
        page.append(
                """
                <!doctype html><html lang="en"><meta charset="utf-8"><title>Headrace benchmarks</title>
                <style>body{font:14px/1.5 system-ui;margin:2rem;max-width:70rem}
                table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:left;vertical-align:top}
                th{font-weight:600}tr:nth-child(even){background:#f8fafc}small{color:#475569}</style>
                <h1>Headrace benchmarks</h1>
                """);
        page.append("<p>").append(escape(machine)).append("</p>\n");
        for (String scenario : results.scenarios()) {
            appendScenario(page, results, scenario);
        }
        Path file = results.folder().resolve("index.html");
        return Files.writeString(file, page.append("</html>\n"));
    }

    private static void appendScenario(StringBuilder page, Results results, String scenario) {
        List<String> contenders = results.contenders(scenario);
        page.append("<h2>").append(escape(results.description(scenario))).append("</h2>\n<p>");
        for (String contender : contenders) {
            page.append("<small>").append(escape(contender)).append(": ");
            page.append(escape(results.settings(scenario, contender))).append("</small><br>");
        }
        page.append("</p>\n<table><tr><th>figure<th>median (lowest to highest)");
        page.append("<th>ratio to the first</tr>\n");
        for (String figure : results.figureNames(scenario)) {
            page.append("<tr><td>").append(escape(figure)).append("<td>");
            appendBars(page, results, scenario, contenders, figure);
            page.append("<td>");
            for (String other : contenders.subList(1, contenders.size())) {
                Spread ratio = results.ratio(scenario, contenders.getFirst(), other, figure);
                page.append(escape(other)).append(": ").append(ratio.text()).append("<br>");
            }
            page.append("</tr>\n");
        }
        page.append("</table>\n");
    }

    private static void appendBars(
            StringBuilder page,
            Results results,
            String scenario,
            List<String> contenders,
            String figure) {
        double highest = 0;
        for (String contender : contenders) {
            Spread spread = results.spread(scenario, contender, figure);
            highest = spread.isEmpty() ? highest : Math.max(highest, spread.highest());
        }
        int height = ROW_HEIGHT * contenders.size();
        page.append(String.format(Locale.ROOT, "<svg width='760' height='%d'>", height));
        for (int i = 0; i < contenders.size(); i++) {
            Spread spread = results.spread(scenario, contenders.get(i), figure);
            if (spread.isEmpty() || highest <= 0) {
                continue;
            }
            double width = spread.median() / highest * BAR_WIDTH;
            int top = i * ROW_HEIGHT;
            page.append(
                    String.format(
                            Locale.ROOT,
                            "<rect x='0' y='%d' width='%.1f' height='%d' fill='%s'/>"
                                    + "<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' stroke='#111'/>"
                                    + "<text x='%d' y='%d' font-size='12'>%s %s</text>",
                            top + 2,
                            width,
                            ROW_HEIGHT - 4,
                            COLOURS.get(i % COLOURS.size()),
                            spread.lowest() / highest * BAR_WIDTH,
                            spread.highest() / highest * BAR_WIDTH,
                            top + ROW_HEIGHT / 2,
                            top + ROW_HEIGHT / 2,
                            BAR_WIDTH + 8,
                            top + ROW_HEIGHT - 5,
                            escape(contenders.get(i)),
                            spread.text()));
        }
        page.append("</svg>");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
