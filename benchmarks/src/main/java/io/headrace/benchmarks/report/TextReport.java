package io.headrace.benchmarks.report;

import java.io.PrintWriter;
import java.util.List;

/** The results as text. */
public final class TextReport {
    private TextReport() {}

    public static void print(Results results, PrintWriter out) {
        for (String scenario : results.scenarios()) {
            out.println();
            out.println(results.description(scenario));
            List<String> contenders = results.contenders(scenario);
            for (String figure : results.figureNames(scenario)) {
                out.printf("  %-26s", figure);
                for (String contender : contenders) {
                    String value = results.spread(scenario, contender, figure).text();
                    out.printf("  %s %s", contender, value);
                }
                for (String other : contenders.subList(1, contenders.size())) {
                    Spread ratio = results.ratio(scenario, contenders.getFirst(), other, figure);
                    if (!ratio.isEmpty()) {
                        out.printf("  ratio to %s %s", other, ratio.text());
                    }
                }
                out.println();
            }
        }
        out.flush();
    }
}
