package io.headrace.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

class ResultsTest {
    @TempDir Path folder;

    @Test
    void ratiosAreOfPairsNotOfMedians() throws IOException {
        Results results = Results.open(folder, false);
        add(results, "headrace", 1, 10);
        add(results, "kafka", 1, 5);
        add(results, "headrace", 2, 30);
        add(results, "kafka", 2, 10);
        add(results, "headrace", 3, 20);
        Spread ratio = results.ratio("cell", "headrace", "kafka", "records/s");
        assertThat(ratio).isEqualTo(new Spread(2, 2.5, 2, 3));
        assertThat(results.spread("cell", "headrace", "records/s"))
                .isEqualTo(new Spread(3, 20, 10, 30));
    }

    @Test
    void aSeriesGoesOnWhereItStopped() throws IOException {
        add(Results.open(folder, false), "headrace", 1, 10);
        Results resumed = Results.open(folder, true);
        assertThat(resumed.has("cell", "headrace", 1)).isTrue();
        assertThat(resumed.has("cell", "headrace", 2)).isFalse();
        assertThat(resumed.has("cell", "kafka", 1)).isFalse();
        assertThat(Results.open(folder, false).has("cell", "headrace", 1)).isFalse();
    }

    @Test
    void thePageAndTheTextSayMedianAndRatio() throws IOException {
        Results results = Results.open(folder, false);
        add(results, "headrace", 1, 3000);
        add(results, "kafka", 1, 1500);
        StringWriter text = new StringWriter();
        TextReport.print(results, new PrintWriter(text));
        assertThat(text.toString()).contains("headrace 3,000").contains("ratio to kafka 2.00");
        String page = Files.readString(HtmlReport.write(results, "a <machine>"));
        assertThat(page).contains("a &lt;machine>").contains("<svg").contains("kafka: 2.00");
    }

    private static void add(Results results, String contender, int pair, double value)
            throws IOException {
        results.add(
                new Results.Run(
                        "cell", "a cell", contender, "as it is", pair, Map.of("records/s", value)));
    }
}
