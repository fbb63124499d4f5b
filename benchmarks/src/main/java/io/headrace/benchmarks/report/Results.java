package io.headrace.benchmarks.report;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All runs so far, in a JSON file that is written after each, so that a series can go on later. */
public final class Results {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path folder;
    private final List<Run> runs;

    /**
     * One run.
     *
     * @param settings what the contender ran with
     * @param pair counted from 1; runs of one pair are compared with each other
     */
    public record Run(
            String scenario,
            String description,
            String contender,
            String settings,
            int pair,
            Map<String, Double> figures) {}

    private Results(Path folder, List<Run> runs) {
        this.folder = folder;
        this.runs = runs;
    }

    /** Reads what an earlier series left, or begins anew. */
    public static Results open(Path folder, boolean resume) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve("results.json");
        List<Run> runs = new ArrayList<>();
        if (resume && Files.exists(file)) {
            runs.addAll(JSON.readValue(Files.readString(file), new TypeReference<List<Run>>() {}));
        }
        return new Results(folder, runs);
    }

    /** Whether that run is there already. */
    public boolean has(String scenario, String contender, int pair) {
        return figures(scenario, contender, pair) != null;
    }

    /** Keeps a run, on disk too. */
    public void add(Run run) throws IOException {
        runs.add(run);
        Path next = folder.resolve("results.json.new");
        Files.writeString(next, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(runs));
        Files.move(next, folder.resolve("results.json"), StandardCopyOption.REPLACE_EXISTING);
    }

    public String json() {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(runs);
    }

    Path folder() {
        return folder;
    }

    Set<String> scenarios() {
        Set<String> names = new LinkedHashSet<>();
        runs.forEach(run -> names.add(run.scenario()));
        return names;
    }

    String description(String scenario) {
        return runs.stream()
                .filter(run -> run.scenario().equals(scenario))
                .map(Run::description)
                .findFirst()
                .orElse(scenario);
    }

    /** The contenders of a scenario, the measured platform first, as they ran. */
    List<String> contenders(String scenario) {
        Set<String> names = new LinkedHashSet<>();
        runs.stream()
                .filter(run -> run.scenario().equals(scenario))
                .forEach(run -> names.add(run.contender()));
        return List.copyOf(names);
    }

    String settings(String scenario, String contender) {
        return runs.stream()
                .filter(run -> run.scenario().equals(scenario))
                .filter(run -> run.contender().equals(contender))
                .map(Run::settings)
                .findFirst()
                .orElse("");
    }

    Set<String> figureNames(String scenario) {
        Set<String> names = new LinkedHashSet<>();
        runs.stream()
                .filter(run -> run.scenario().equals(scenario))
                .forEach(run -> names.addAll(run.figures().keySet()));
        return names;
    }

    /** All values of a figure, or none. */
    Spread spread(String scenario, String contender, String figure) {
        return Spread.of(
                runs.stream()
                        .filter(run -> run.scenario().equals(scenario))
                        .filter(run -> run.contender().equals(contender))
                        .map(run -> run.figures().get(figure))
                        .toList());
    }

    /** The ratios of one contender to another, pair by pair. */
    Spread ratio(String scenario, String contender, String to, String figure) {
        List<@Nullable Double> ratios = new ArrayList<>();
        for (Run run : runs) {
            if (run.scenario().equals(scenario) && run.contender().equals(contender)) {
                Map<String, Double> other = figures(scenario, to, run.pair());
                Double mine = run.figures().get(figure);
                Double theirs = other == null ? null : other.get(figure);
                if (mine != null && theirs != null && theirs != 0) {
                    ratios.add(mine / theirs);
                }
            }
        }
        return Spread.of(ratios);
    }

    private @Nullable Map<String, Double> figures(String scenario, String contender, int pair) {
        for (Run run : runs) {
            if (run.scenario().equals(scenario)
                    && run.contender().equals(contender)
                    && run.pair() == pair) {
                return run.figures();
            }
        }
        return null;
    }
}
