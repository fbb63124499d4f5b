package io.headrace.testkit.house;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Objects.requireNonNull;

import io.headrace.testkit.process.ChildProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Goal: no gate of the compiler or of the format is switched off without notice. Method: javac with
 * the arguments that the parent pom gives it, and the formatter as the parent pom runs it, must
 * refuse planted snippets and accept good ones.
 */
final class GatesTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Path JDK = Path.of(System.getProperty("java.home"), "bin");
    private static final Pattern ARGUMENT = Pattern.compile("<arg>(.*)</arg>");
    private static final Pattern EXPORT =
            Pattern.compile("<argument>(--add-exports=.*)</argument>");

    @TempDir private Path folder;

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        Path parent = requireNonNull(here.getParent());
        return Files.exists(here.resolve(".mvn")) ? here : parent;
    }

    private static List<String> inPom(Pattern pattern) throws IOException {
        List<String> found = new ArrayList<>();
        Matcher matcher = pattern.matcher(Files.readString(root().resolve("pom.xml")));
        while (matcher.find()) {
            found.add(requireNonNull(matcher.group(1)).replace("${errorprone.extra}", ""));
        }
        return found;
    }

    private Path plant(String path, String text) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(requireNonNull(file.getParent()));
        return Files.writeString(file, text);
    }

    /** What javac says of null-marked classes when it is called as the build calls it. */
    private String javac(String... classes) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(JDK.resolve("javac").toString());
        command.addAll(inPom(ARGUMENT));
        String classPath = System.getProperty("java.class.path");
        command.addAll(List.of("-processorpath", classPath, "-cp", classPath));
        command.addAll(List.of("-d", folder.resolve("classes").toString()));
        for (String text : classes) {
            String name = text.split(" ", 3)[1];
            String source = "package planted; @org.jspecify.annotations.NullMarked " + text + "\n";
            command.add(plant(name + ".java", source).toString());
        }
        try (ChildProcess javac =
                ChildProcess.command(command.toArray(String[]::new))
                        .output(folder.resolve("javac.out"))
                        .start()) {
            int exit = javac.awaitExit(LIMIT);
            return javac.output() + "exit " + exit;
        }
    }

    @Test
    void theCompilerRefusesNullsAndKnownMistakes() throws IOException {
        assertThat(
                        javac(
                                "class Nulls { String f() { return null; } }",
                                "class Mistake { boolean f(int[] a) { return a.equals(a); } }",
                                "class Good { String f() { return \"\"; } }"))
                .contains("Nulls.java:1: error: [NullAway]")
                .contains("Mistake.java:1: error: [ArrayEquals]")
                .doesNotContain("Good.java")
                .endsWith("exit 1");
    }

    @Test
    void theCompilerRefusesWarnings() throws IOException {
        assertThat(javac("class Raw { Object f() { return new java.util.ArrayList(); } }"))
                .contains("Raw.java:1: warning: [rawtypes]")
                .contains("warnings found and -Werror specified")
                .endsWith("exit 1");
    }

    private int format(String mode) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(JDK.resolve("java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(inPom(EXPORT));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(root().resolve(".mvn/Format.java").toString());
        command.addAll(List.of(mode, folder.resolve("tree").toString()));
        command.add(folder.resolve("stamp").toString());
        try (ChildProcess formatter =
                ChildProcess.command(command.toArray(String[]::new))
                        .output(folder.resolve("format.out"))
                        .start()) {
            return formatter.awaitExit(LIMIT);
        }
    }

    @Test
    void theFormatterRefusesWhatIsNotFormattedAndFormatsIt() throws IOException {
        plant("tree/a/Good.java", "class Good {}\n");
        plant("tree/target/Generated.java", "class   Generated{}\n");
        Path ugly = plant("tree/a/Ugly.java", "class   Ugly{int a;}\n");
        assertThat(format("check")).isEqualTo(1);
        assertThat(folder.resolve("format.out"))
                .content()
                .contains("Ugly.java", "mvn -Pformat")
                .doesNotContain("Good.java", "Generated.java");
        assertThat(format("apply")).isZero();
        assertThat(ugly).hasContent("class Ugly {\n    int a;\n}\n");
        plant("tree/a/Later.java", "class   Later{}\n");
        assertThat(format("check")).isEqualTo(1);
        assertThat(folder.resolve("format.out"))
                .content()
                .contains("Later.java")
                .doesNotContain("Ugly.java");
    }
}
