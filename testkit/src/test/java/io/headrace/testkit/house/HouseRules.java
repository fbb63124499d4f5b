package io.headrace.testkit.house;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;

import io.headrace.testkit.house.SourceTree.JavaFile;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rules; each gives one line for every place that breaks it, which says what to do. */
final class HouseRules {
    static final int MAX_CLASS_LINES = 500;
    static final int MAX_METHOD_LINES = 70;

    private static final Pattern BANNED_TYPE =
            Pattern.compile("\\w*(Impl|Helper|Utils?|Base)|Manager");
    private static final Set<String> BANNED_PACKAGES =
            Set.of("internal", "common", "util", "utils");

    // Written in two pieces, so that these rules do not find themselves.
    private static final Pattern UNFINISHED =
            Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b");
    private static final Pattern MACHINE_PATH =
            Pattern.compile("(?<![\\w.$}~*-])/(wo" + "rk|ro" + "ot|ho" + "me/\\w+)/");
    private static final Pattern REGISTRY =
            Pattern.compile(
                    "repo1?\\.maven\\.apache\\.org|repo1\\.maven\\.org|registry\\.npm"
                            + "js\\.org|registry\\.yarn"
                            + "pkg\\.com|art"
                            + "ifactory|/nex"
                            + "us/|\"reso"
                            + "lved\":");
    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");
    private static final Pattern MAP_HEADER = Pattern.compile("\\|\\s*(module|folder)s?\\s*\\|.*");
    private static final Pattern MAP_ROW = Pattern.compile("\\|\\s*\\[?`([\\w.-]+)/?`.*");
    private static final List<String> MAPS = List.of("README.md", "docs/ARCHITECTURE.md");

    private HouseRules() {}

    /** All rules by their names. */
    static Map<String, Function<SourceTree, List<String>>> all() {
        Map<String, Function<SourceTree, List<String>>> rules = new LinkedHashMap<>();
        rules.put("every package says what it is for", HouseRules::packagesAreDescribed);
        rules.put("files have at most 500 lines", HouseRules::filesAreShort);
        rules.put("methods have at most 70 lines", HouseRules::methodsAreShort);
        rules.put("names say what things are", HouseRules::namesAreNames);
        rules.put("nothing is left to do", HouseRules::nothingIsLeftToDo);
        rules.put("tests do not sleep", HouseRules::testsDoNotSleep);
        rules.put("no test is disabled", HouseRules::noTestIsDisabled);
        rules.put("no path of somebody's machine", HouseRules::noMachinePaths);
        rules.put("no host name of a registry", HouseRules::noRegistryHosts);
        rules.put("the maps of modules are true", HouseRules::mapsAreTrue);
        return rules;
    }

    static List<String> packagesAreDescribed(SourceTree tree) {
        Set<String> described = new TreeSet<>();
        Set<String> packages = new TreeSet<>();
        List<String> found = new ArrayList<>();
        for (JavaFile file : tree.javaFiles()) {
            int slash = file.path().lastIndexOf('/');
            String folder = slash < 0 ? "" : file.path().substring(0, slash);
            if (!folder.contains("/java/")) {
                continue;
            }
            packages.add(folder);
            if (file.path().endsWith("/package-info.java")) {
                described.add(folder);
                if (!file.text().contains("@NullMarked")) {
                    found.add(file.path() + ": add @NullMarked");
                }
                if (!file.isTest() && !file.text().contains("/**")) {
                    found.add(file.path() + ": say what is here, in a Javadoc comment");
                }
            }
        }
        for (String folder : packages) {
            String main = folder.replace("/src/test/", "/src/main/");
            if (!described.contains(folder) && !described.contains(main)) {
                found.add(folder + ": add a package-info.java with @NullMarked");
            }
        }
        return found;
    }

    static List<String> filesAreShort(SourceTree tree) {
        return tree.javaFiles().stream()
                .filter(file -> file.lines() > MAX_CLASS_LINES)
                .map(file -> file.path() + ": has " + file.lines() + " lines, split it")
                .toList();
    }

    static List<String> methodsAreShort(SourceTree tree) {
        List<String> found = new ArrayList<>();
        for (JavaFile file : tree.javaFiles()) {
            CompilationUnitTree unit = file.tree();
            SourcePositions positions = file.trees().getSourcePositions();
            new TreeScanner<@Nullable Void, @Nullable Void>() {
                @Override
                public @Nullable Void visitMethod(MethodTree method, @Nullable Void nothing) {
                    if (method.getBody() != null) {
                        long first = line(positions.getStartPosition(unit, method.getBody()));
                        long last = line(positions.getEndPosition(unit, method.getBody()));
                        if (last - first + 1 > MAX_METHOD_LINES) {
                            found.add(
                                    place(file, first)
                                            + method.getName()
                                            + " has "
                                            + (last - first + 1)
                                            + " lines, split it");
                        }
                    }
                    return super.visitMethod(method, null);
                }

                private long line(long position) {
                    return unit.getLineMap().getLineNumber(Math.max(0, position));
                }
            }.scan(unit, null);
        }
        return found;
    }

    static List<String> namesAreNames(SourceTree tree) {
        List<String> found = new ArrayList<>();
        for (JavaFile file : tree.javaFiles()) {
            String name = String.valueOf(file.tree().getPackageName());
            for (String part : name.split("\\.", -1)) {
                if (BANNED_PACKAGES.contains(part)) {
                    found.add(file.path() + ": package " + part + " says nothing, name the thing");
                }
            }
            new TreeScanner<@Nullable Void, @Nullable Void>() {
                @Override
                public @Nullable Void visitClass(ClassTree type, @Nullable Void nothing) {
                    String typeName = type.getSimpleName().toString();
                    if (BANNED_TYPE.matcher(typeName).matches()) {
                        found.add(place(file, type) + typeName + " says nothing, name the thing");
                    }
                    return super.visitClass(type, null);
                }
            }.scan(file.tree(), null);
        }
        return found;
    }

    static List<String> nothingIsLeftToDo(SourceTree tree) {
        return matches(tree, UNFINISHED, "do it or open an issue");
    }

    static List<String> noMachinePaths(SourceTree tree) {
        return matches(tree, MACHINE_PATH, "a path of one machine, make it relative");
    }

    static List<String> noRegistryHosts(SourceTree tree) {
        return matches(
                tree, REGISTRY, "a registry's host (in npm: omit-lockfile-registry-resolved)");
    }

    private static List<String> matches(SourceTree tree, Pattern pattern, String advice) {
        List<String> found = new ArrayList<>();
        tree.texts()
                .forEach(
                        (path, text) -> {
                            Matcher matcher = pattern.matcher(text);
                            while (matcher.find()) {
                                long line =
                                        1
                                                + text.substring(0, matcher.start())
                                                        .chars()
                                                        .filter(one -> one == '\n')
                                                        .count();
                                found.add(
                                        path + ":" + line + ": " + matcher.group() + ": " + advice);
                            }
                        });
        return found;
    }

    static List<String> testsDoNotSleep(SourceTree tree) {
        List<String> found = new ArrayList<>();
        for (JavaFile file : tree.javaFiles()) {
            if (!file.isTest()) {
                continue;
            }
            new TreeScanner<@Nullable Void, @Nullable Void>() {
                @Override
                public @Nullable Void visitMethodInvocation(
                        MethodInvocationTree call, @Nullable Void nothing) {
                    String method = call.getMethodSelect().toString();
                    if (method.endsWith("Thread.sleep")
                            || method.matches("TimeUnit\\.\\w+\\.sleep")) {
                        found.add(place(file, call) + "wait for a condition with Eventually");
                    }
                    return super.visitMethodInvocation(call, null);
                }
            }.scan(file.tree(), null);
        }
        return found;
    }

    static List<String> noTestIsDisabled(SourceTree tree) {
        List<String> found = new ArrayList<>();
        for (JavaFile file : tree.javaFiles()) {
            new TreeScanner<@Nullable Void, @Nullable Void>() {
                @Override
                public @Nullable Void visitAnnotation(
                        AnnotationTree annotation, @Nullable Void nothing) {
                    String name = annotation.getAnnotationType().toString();
                    if (name.equals("Disabled") || name.endsWith(".Disabled")) {
                        found.add(place(file, annotation) + "mend the test or remove it");
                    }
                    return super.visitAnnotation(annotation, null);
                }
            }.scan(file.tree(), null);
        }
        return found;
    }

    /** Every module is in each map, and every row of a map is a folder; a map may not exist yet. */
    static List<String> mapsAreTrue(SourceTree tree) {
        List<String> found = new ArrayList<>();
        Set<String> modules = new TreeSet<>();
        Matcher module = MODULE.matcher(tree.texts().getOrDefault("pom.xml", ""));
        while (module.find()) {
            modules.add(module.group(1));
        }
        for (String map : MAPS) {
            String text = tree.texts().get(map);
            if (text == null) {
                continue;
            }
            Set<String> rows = mapRows(text);
            if (rows.isEmpty()) {
                found.add(map + ": add a table whose first column is 'module', with `names`");
            }
            for (String row : rows) {
                Path folder = tree.root().resolve(row);
                if (!Files.exists(folder)) {
                    found.add(map + ": lists " + row + ", which is not there");
                }
            }
            modules.stream()
                    .filter(name -> !rows.contains(name))
                    .forEach(name -> found.add(map + ": does not list the module " + name));
        }
        return found;
    }

    /** The names in the first columns of all tables of modules or folders. */
    private static Set<String> mapRows(String text) {
        Set<String> rows = new TreeSet<>();
        boolean inMap = false;
        for (String line : text.lines().toList()) {
            inMap = (inMap && line.startsWith("|")) || MAP_HEADER.matcher(line).matches();
            Matcher row = MAP_ROW.matcher(line);
            if (inMap && row.matches()) {
                rows.add(row.group(1));
            }
        }
        return rows;
    }

    private static String place(JavaFile file, long line) {
        return file.path() + ":" + line + ": ";
    }

    private static String place(JavaFile file, Tree tree) {
        CompilationUnitTree unit = file.tree();
        long position = file.trees().getSourcePositions().getStartPosition(unit, tree);
        return place(file, unit.getLineMap().getLineNumber(Math.max(0, position)));
    }
}
