package io.headrace.testkit.house;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Objects.requireNonNull;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** The rules hold in this repository, and each goes red on a planted bad tree. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HouseRulesTest {
    private static final String GOOD_PACKAGE = "/** A room. */\n@NullMarked\npackage a.b;\n";
    private static final String PATH = "storage/src/main/java/a/b/";

    private final Repository repository = new Repository();

    /** Reads this repository once, for all rules. */
    private static final class Repository {
        private final SourceTree tree;

        Repository() {
            Path root = Path.of("").toAbsolutePath();
            Path parent = root.getParent();
            if (parent != null && Files.exists(parent.resolve(".mvn"))) {
                root = parent;
            }
            try {
                tree = SourceTree.read(root);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
    }

    private static Stream<String> rules() {
        return HouseRules.all().keySet().stream();
    }

    @BeforeAll
    void theTreeIsRead() {
        assertThat(repository.tree.texts()).containsKey("pom.xml");
        assertThat(repository.tree.javaFiles()).hasSizeGreaterThan(50);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rules")
    void holdsInThisRepository(String rule) {
        List<String> broken = find(rule).apply(repository.tree);
        assertThat(broken).as(() -> rule + ":\n" + String.join("\n", broken)).isEmpty();
    }

    private static Function<SourceTree, List<String>> find(String rule) {
        return requireNonNull(HouseRules.all().get(rule));
    }

    // The proofs.

    private static SourceTree plant(Path folder, String... pathsAndTexts) throws IOException {
        for (int index = 0; index < pathsAndTexts.length; index += 2) {
            Path file = folder.resolve(pathsAndTexts[index]);
            Files.createDirectories(requireNonNull(file.getParent()));
            Files.writeString(file, pathsAndTexts[index + 1]);
        }
        return SourceTree.read(folder);
    }

    @Test
    void aGoodTreeIsGreen(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        "pom.xml",
                        "<module>storage</module>",
                        "README.md",
                        "| module | for |\n|---|---|\n| [`storage`](storage/) | disks |\n",
                        PATH + "package-info.java",
                        GOOD_PACKAGE,
                        PATH + "Log.java",
                        "package a.b;\n/** A manager of work/root. */\nclass LogManager {}\n",
                        "storage/src/test/java/a/b/LogTest.java",
                        "package a.b;\nclass LogTest { void t() {} }\n");
        HouseRules.all().forEach((name, rule) -> assertThat(rule.apply(tree)).as(name).isEmpty());
    }

    @Test
    void findsPackagesThatAreNotDescribed(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        PATH + "Log.java",
                        "package a.b; class Log {}",
                        "storage/src/main/java/a/c/package-info.java",
                        "package a.c;");
        assertThat(HouseRules.packagesAreDescribed(tree))
                .containsExactly(
                        "storage/src/main/java/a/c/package-info.java: add @NullMarked",
                        "storage/src/main/java/a/c/package-info.java: say what is here, in a"
                                + " Javadoc comment",
                        "storage/src/main/java/a/b: add a package-info.java with @NullMarked");
    }

    @Test
    void findsLongFilesAndMethods(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        PATH + "Long.java",
                        "package a.b; class Long { void f() {" + "\n;".repeat(500) + "} }",
                        PATH + "Right.java",
                        "package a.b; class Right { void f() {" + "\n;".repeat(69) + "} }");
        assertThat(HouseRules.filesAreShort(tree))
                .containsExactly(PATH + "Long.java: has 501 lines, split it");
        assertThat(HouseRules.methodsAreShort(tree))
                .containsExactly(PATH + "Long.java:1: f has 501 lines, split it");
    }

    @Test
    void findsNamesThatSayNothing(@TempDir Path folder) throws IOException {
        for (String name : List.of("LogImpl", "LogHelper", "LogUtils", "LogBase", "Manager")) {
            SourceTree tree =
                    plant(
                            folder,
                            PATH + "Log.java",
                            "package a.b; class A { class " + name + " {} }");
            assertThat(HouseRules.namesAreNames(tree))
                    .containsExactly(
                            PATH + "Log.java:1: " + name + " says nothing, name the thing");
        }
        for (String name : List.of("internal", "common", "util")) {
            SourceTree tree =
                    plant(folder, PATH + "Log.java", "package a." + name + ".c; class A {}");
            assertThat(HouseRules.namesAreNames(tree)).hasSize(1).first().asString().contains(name);
        }
    }

    @Test
    void findsWhatIsLeftToDo(@TempDir Path folder) throws IOException {
        SourceTree tree = plant(folder, "run.sh", "echo\n# TO" + "DO later\n# FIX" + "ME\n");
        assertThat(HouseRules.nothingIsLeftToDo(tree))
                .hasSize(2)
                .first()
                .asString()
                .startsWith("run.sh:2:");
    }

    @Test
    void findsSleepsInTestsOnly(@TempDir Path folder) throws IOException {
        String sleeper = "package a.b; class A { void f() throws Exception { Thread.sleep(1); } }";
        String path = "storage/src/test/java/a/b/ATest.java";
        SourceTree tree = plant(folder, path, sleeper, PATH + "A.java", sleeper);
        assertThat(HouseRules.testsDoNotSleep(tree))
                .containsExactly(path + ":1: wait for a condition with Eventually");
    }

    @Test
    void findsDisabledTests(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        PATH + "A.java",
                        "package a.b; class A { @Disabled(\"slow\") void f() {} }",
                        PATH + "B.java",
                        "package a.b; @org.junit.jupiter.api.Disabled class B {}");
        assertThat(HouseRules.noTestIsDisabled(tree)).hasSize(2);
    }

    @Test
    void findsPathsOfSomebodysMachine(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        "a.md",
                        "see /wo" + "rk/x\n",
                        "b.yml",
                        "- /ro" + "ot/.m2\n",
                        "c.md",
                        "framework/x a/ro" + "ot/b $HOME/wo" + "rk/");
        assertThat(HouseRules.noMachinePaths(tree)).hasSize(2);
    }

    @Test
    void findsHostsOfRegistries(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        "package-lock.json",
                        "{\"reso" + "lved\": \"x\"}",
                        "a.md",
                        "https://repo.maven.ap" + "ache.org/x");
        assertThat(HouseRules.noRegistryHosts(tree)).hasSize(2);
    }

    @Test
    void findsMapsThatAreNotTrue(@TempDir Path folder) throws IOException {
        SourceTree tree =
                plant(
                        folder,
                        "pom.xml",
                        "<module>storage</module>",
                        "README.md",
                        """
                        | command | does |
                        |---|---|
                        | `up` | starts |

                        | module | for |
                        |---|---|
                        | `gone` | - |
                        """,
                        "docs/ARCHITECTURE.md",
                        "no map");
        assertThat(HouseRules.mapsAreTrue(tree))
                .containsExactly(
                        "README.md: lists gone, which is not there",
                        "README.md: does not list the module storage",
                        "docs/ARCHITECTURE.md: add a table whose first column is 'module', with"
                                + " `names`",
                        "docs/ARCHITECTURE.md: does not list the module storage");
    }
}
