package io.headrace.coordinator.group.consumer;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

import org.jspecify.annotations.Nullable;

import java.util.Set;
import java.util.TreeSet;

/**
 * A regular expression over names of topics, in RE2's syntax: matching takes time linear in the
 * name, whatever the expression.
 */
public final class TopicRegex {
    /** Longer ones are refused. */
    private static final int MAX_LENGTH = 4_096;

    private final Pattern pattern;

    private TopicRegex(Pattern pattern) {
        this.pattern = pattern;
    }

    /** What is wrong with an expression, or null. */
    public static @Nullable String problem(String regex) {
        if (regex.length() > MAX_LENGTH) {
            return "SubscribedTopicRegex is longer than " + MAX_LENGTH + " characters.";
        }
        try {
            Pattern.compile(regex);
            return null;
        } catch (PatternSyntaxException e) {
            return "SubscribedTopicRegex `"
                    + regex
                    + "` is not a valid regular expression: "
                    + e.getDescription()
                    + ".";
        }
    }

    /**
     * Compiles an expression.
     *
     * @throws IllegalArgumentException if {@link #problem} has something to say
     */
    public static TopicRegex of(String regex) {
        String problem = problem(regex);
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
        return new TopicRegex(Pattern.compile(regex));
    }

    /** The names that match as a whole. */
    public Set<String> matching(Iterable<String> names) {
        Set<String> matching = new TreeSet<>();
        for (String name : names) {
            if (pattern.matches(name)) {
                matching.add(name);
            }
        }
        return matching;
    }
}
