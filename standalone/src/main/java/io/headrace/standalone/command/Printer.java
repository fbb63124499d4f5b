package io.headrace.standalone.command;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Model.CommandSpec;

import tools.jackson.databind.json.JsonMapper;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints results as aligned tables for people or as JSON for programs. */
public final class Printer {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final PrintWriter out;
    private final boolean json;

    public Printer(CommandSpec spec, boolean json) {
        this.out = spec.commandLine().getOut();
        this.json = json;
    }

    public boolean isJson() {
        return json;
    }

    /** One line of text for people; nothing in JSON mode. */
    public void line(String text) {
        if (!json) {
            out.println(text);
            out.flush();
        }
    }

    /** One JSON value on a line of its own. */
    public void json(Object value) {
        out.println(JSON.writeValueAsString(value));
        out.flush();
    }

    static String toJson(Object value) {
        return JSON.writeValueAsString(value);
    }

    /**
     * Rows of values: a table with the columns' names above, or a JSON array of objects. Columns
     * that hold only numbers are aligned to the right.
     */
    public void table(List<String> columns, List<Map<String, Object>> rows) {
        if (json) {
            json(rows);
            return;
        }
        List<List<String>> cells = new ArrayList<>();
        for (Map<String, Object> row : rows) {
            cells.add(columns.stream().map(c -> text(row.get(c))).toList());
        }
        int[] widths = new int[columns.size()];
        boolean[] numeric = new boolean[columns.size()];
        for (int c = 0; c < columns.size(); c++) {
            int column = c;
            widths[c] = columns.get(c).length();
            cells.forEach(
                    row -> widths[column] = Math.max(widths[column], row.get(column).length()));
            numeric[c] =
                    !rows.isEmpty()
                            && rows.stream()
                                    .allMatch(
                                            row -> row.get(columns.get(column)) instanceof Number);
        }
        printRow(columns.stream().map(Printer::heading).toList(), widths, numeric);
        cells.forEach(row -> printRow(row, widths, numeric));
        out.flush();
    }

    /** A {@link #table}; people who would see an empty one are told what to do instead. */
    void list(List<String> columns, List<Map<String, Object>> rows, String whenEmpty) {
        if (rows.isEmpty()) {
            line(whenEmpty);
        }
        if (json || !rows.isEmpty()) {
            table(columns, rows);
        }
    }

    private static String heading(String column) {
        return column.toUpperCase(Locale.ROOT).replace('_', '-');
    }

    private static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "-";
            case List<?> list -> String.join(",", list.stream().map(String::valueOf).toList());
            default -> value.toString();
        };
    }

    private void printRow(List<String> cells, int[] widths, boolean[] numeric) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < cells.size(); c++) {
            String padding = " ".repeat(widths[c] - cells.get(c).length());
            line.append(numeric[c] ? padding + cells.get(c) : cells.get(c) + padding);
            line.append(c == cells.size() - 1 ? "" : "  ");
        }
        out.println(line.toString().stripTrailing());
    }
}
