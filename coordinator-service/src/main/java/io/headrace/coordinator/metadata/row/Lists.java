package io.headrace.coordinator.metadata.row;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lists as text: their elements with commas between. */
final class Lists {
    private Lists() {}

    static String join(List<?> elements) {
        return elements.stream().map(Object::toString).collect(Collectors.joining(","));
    }

    static <T> List<T> split(String text, Function<String, T> element) {
        List<T> elements = new ArrayList<>();
        if (!text.isEmpty()) {
            for (String part : text.split(",", -1)) {
                elements.add(element.apply(part));
            }
        }
        return elements;
    }

    static List<Integer> integers(String text) {
        return split(text, Integer::valueOf);
    }
}
