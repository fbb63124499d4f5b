package io.headrace.testkit.planted;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Java sources given as text, compiled in the test's own JVM. */
public final class PlantedSources {
    private static final Pattern PACKAGE = Pattern.compile("package ([\\w.]+);");
    private static final Pattern TYPE =
            Pattern.compile("(?:class|interface|record|enum|@interface) (\\w+)");

    private static final JavaCompiler COMPILER =
            requireNonNull(ToolProvider.getSystemJavaCompiler());

    /** Shared, because opening the JDK's own classes takes longest; confined to one thread. */
    private static final StandardJavaFileManager FILES =
            COMPILER.getStandardFileManager(null, null, StandardCharsets.UTF_8);

    private PlantedSources() {}

    /**
     * Compiles the sources into a folder and returns the errors; none when all is well.
     *
     * @param options of javac, beside the folder
     */
    public static List<String> compile(Path folder, List<String> options, String... sources) {
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        List<String> allOptions = new ArrayList<>(options);
        allOptions.addAll(List.of("-d", folder.toString()));
        List<Source> files = new ArrayList<>();
        for (String source : sources) {
            files.add(new Source(source));
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        boolean done = COMPILER.getTask(null, FILES, diagnostics, allOptions, null, files).call();
        List<String> errors =
                diagnostics.getDiagnostics().stream()
                        .filter(found -> found.getKind() == Diagnostic.Kind.ERROR)
                        .map(found -> found.getMessage(null))
                        .toList();
        return done || !errors.isEmpty() ? errors : List.of("javac failed silently");
    }

    private static String first(Pattern pattern, String text, String otherwise) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? requireNonNull(matcher.group(1)) : otherwise;
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(
                    URI.create(
                            "string:///"
                                    + first(PACKAGE, text, "").replace('.', '/')
                                    + "/"
                                    + first(TYPE, text, "package-info")
                                    + ".java"),
                    Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
