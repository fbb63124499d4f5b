package io.headrace.testkit.house;

import static java.util.Objects.requireNonNull;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.Trees;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The text files of a repository, and its Java files parsed. */
final class SourceTree {
    private static final Set<String> NOT_OURS =
            Set.of("target", "node_modules", ".git", ".idea", ".vscode");
    private static final int MAX_TEXT_BYTES = 1 << 20;

    /** A Java file. */
    record JavaFile(String path, String text, CompilationUnitTree tree, Trees trees) {
        boolean isTest() {
            return path.contains("/src/test/");
        }

        int lines() {
            return (int) text.lines().count();
        }
    }

    private final Path root;
    private final Map<String, String> texts = new TreeMap<>();
    private final List<JavaFile> javaFiles = new ArrayList<>();

    private SourceTree(Path root) {
        this.root = root;
    }

    static SourceTree read(Path root) throws IOException {
        SourceTree tree = new SourceTree(root);
        tree.readTexts();
        tree.parseJava();
        return tree;
    }

    Path root() {
        return root;
    }

    /** The text files by their path from the root, with slashes. */
    Map<String, String> texts() {
        return texts;
    }

    List<JavaFile> javaFiles() {
        return javaFiles;
    }

    private void readTexts() throws IOException {
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) {
                        String path = root.relativize(directory).toString();
                        String name = String.valueOf(directory.getFileName());
                        return path.equals("data") || (!path.isEmpty() && NOT_OURS.contains(name))
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        String name = String.valueOf(file.getFileName());
                        if (!NOT_OURS.contains(name)
                                && attributes.isRegularFile()
                                && attributes.size() <= MAX_TEXT_BYTES) {
                            readText(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    private void readText(Path file) throws IOException {
        try {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            if (text.indexOf('\0') < 0) {
                texts.put(root.relativize(file).toString(), text);
            }
        } catch (MalformedInputException binary) {
            // Not text, so nothing that a rule could read.
            return;
        }
    }

    private void parseJava() throws IOException {
        List<String> paths =
                texts.keySet().stream().filter(path -> path.endsWith(".java")).toList();
        if (paths.isEmpty()) {
            return;
        }
        JavaCompiler compiler = requireNonNull(ToolProvider.getSystemJavaCompiler());
        try (StandardJavaFileManager manager =
                compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    manager,
                                    diagnostic -> {},
                                    List.of("-proc:none"),
                                    null,
                                    manager.getJavaFileObjectsFromPaths(
                                            paths.stream().map(root::resolve).toList()));
            Trees trees = Trees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                Path file = Path.of(unit.getSourceFile().toUri());
                String path = root.toAbsolutePath().relativize(file).toString();
                String text = requireNonNull(texts.get(path), path);
                javaFiles.add(new JavaFile(path, text, unit, trees));
            }
        }
    }
}
