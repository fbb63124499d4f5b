import com.google.googlejavaformat.java.Main;

import java.io.PrintWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Checks or applies the format of every Java file below a folder.
 *
 * <p>Usage: {@code java -cp google-java-format-all-deps.jar .mvn/Format.java check|apply FOLDER
 * [STAMP]}. With a stamp, files not written since the last success with this stamp are passed over.
 */
final class Format {
    private static final Set<String> NOT_OURS = Set.of("target", "node_modules", ".git");

    private Format() {}

    public static void main(String[] args) throws Exception {
        long startMs = System.currentTimeMillis();
        boolean apply = args[0].equals("apply");
        Path stamp = args.length > 2 ? Path.of(args[2]) : null;
        long sinceMs =
                stamp != null && Files.exists(stamp)
                        ? Files.getLastModifiedTime(stamp).toMillis()
                        : Long.MIN_VALUE;
        List<String> arguments = new ArrayList<>(List.of("--aosp"));
        arguments.addAll(
                apply ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
        List<String> files = javaFiles(Path.of(args[1]), sinceMs);
        arguments.addAll(files);
        PrintWriter out = new PrintWriter(System.out, true);
        int result =
                files.isEmpty()
                        ? 0
                        : new Main(out, out, System.in).format(arguments.toArray(String[]::new));
        if (result != 0) {
            out.println(
                    apply
                            ? "Some files could not be formatted: see above."
                            : "The files above are not formatted; 'mvn -Pformat' formats them.");
        } else if (stamp != null) {
            Files.writeString(stamp, "");
            Files.setLastModifiedTime(stamp, FileTime.fromMillis(startMs));
        }
        System.exit(result);
    }

    private static List<String> javaFiles(Path folder, long sinceMs) throws Exception {
        List<String> found = new ArrayList<>();
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) {
                        Path name = directory.getFileName();
                        return name != null && NOT_OURS.contains(name.toString())
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (file.toString().endsWith(".java")
                                && attributes.lastModifiedTime().toMillis() >= sinceMs) {
                            found.add(file.toString());
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        return found;
    }
}
