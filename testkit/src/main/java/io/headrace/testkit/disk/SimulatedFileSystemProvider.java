package io.headrace.testkit.disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.DirectoryStream.Filter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Gives {@code Files} and {@code FileChannel.open} the files of one {@link SimulatedDisk}. */
final class SimulatedFileSystemProvider extends FileSystemProvider {
    private final SimulatedFileSystem fileSystem;

    SimulatedFileSystemProvider(SimulatedFileSystem fileSystem) {
        this.fileSystem = fileSystem;
    }

    private Volume volume() {
        return fileSystem.volume();
    }

    private Path inVolume(Path path) {
        if (path instanceof SimulatedPath simulated && simulated.getFileSystem() == fileSystem) {
            return simulated.inVolume();
        }
        throw new ProviderMismatchException(path + " is not on this simulated disk");
    }

    private void delay(DiskOperation operation, Path path) {
        volume().faults.delay(operation, path);
    }

    @Override
    public String getScheme() {
        return "simulated";
    }

    @Override
    public SimulatedFileSystem newFileSystem(URI uri, Map<String, ?> env) {
        throw new UnsupportedOperationException("simulated disks are made by SimulatedDisk");
    }

    @Override
    public SimulatedFileSystem getFileSystem(URI uri) {
        return fileSystem;
    }

    @Override
    public Path getPath(URI uri) {
        return fileSystem.getPath(uri.getPath());
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        EnumSet<StandardOpenOption> wanted = EnumSet.noneOf(StandardOpenOption.class);
        for (OpenOption option : options) {
            if (option instanceof StandardOpenOption standard) {
                wanted.add(standard);
            } else if (!(option instanceof LinkOption)) {
                throw new UnsupportedOperationException(option + " not supported");
            }
        }
        if (!wanted.contains(StandardOpenOption.WRITE)
                && !wanted.contains(StandardOpenOption.APPEND)) {
            wanted.add(StandardOpenOption.READ);
            wanted.removeAll(
                    List.of(
                            StandardOpenOption.CREATE,
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.TRUNCATE_EXISTING));
        }
        if (wanted.contains(StandardOpenOption.APPEND)) {
            if (wanted.contains(StandardOpenOption.READ)) {
                throw new IllegalArgumentException("READ + APPEND not allowed");
            }
            if (wanted.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
                throw new IllegalArgumentException("APPEND + TRUNCATE_EXISTING not allowed");
            }
        }
        Path inVolume = inVolume(path);
        delay(DiskOperation.OPEN, inVolume);
        return SimulatedFileChannel.open(volume(), inVolume, wanted);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, Filter<? super Path> filter)
            throws IOException {
        delay(DiskOperation.LIST, inVolume(directory));
        List<Path> found = new ArrayList<>();
        for (String name : volume().list(inVolume(directory))) {
            Path path = directory.resolve(name);
            if (filter.accept(path)) {
                found.add(path);
            }
        }
        return new SimulatedDirectoryStream(found);
    }

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
        delay(DiskOperation.CREATE, inVolume(directory));
        volume().createDirectory(inVolume(directory));
    }

    @Override
    public void delete(Path path) throws IOException {
        delay(DiskOperation.DELETE, inVolume(path));
        volume().delete(inVolume(path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        List<CopyOption> wanted = Arrays.asList(options);
        Inode copied = volume().find(inVolume(source));
        if (Files.exists(target) && isSameFile(source, target)) {
            return;
        }
        if (wanted.contains(StandardCopyOption.REPLACE_EXISTING)) {
            Files.deleteIfExists(target);
        } else if (Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        if (copied instanceof DirectoryInode) {
            Files.createDirectory(target);
        } else {
            Files.write(target, Files.readAllBytes(source), StandardOpenOption.CREATE_NEW);
        }
        if (wanted.contains(StandardCopyOption.COPY_ATTRIBUTES)) {
            volume().touch(inVolume(target), copied.lastModifiedMs);
        }
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        List<CopyOption> wanted = Arrays.asList(options);
        delay(DiskOperation.MOVE, inVolume(source));
        volume().move(
                        inVolume(source),
                        inVolume(target),
                        wanted.contains(StandardCopyOption.REPLACE_EXISTING),
                        wanted.contains(StandardCopyOption.ATOMIC_MOVE));
    }

    @Override
    public boolean isSameFile(Path one, Path other) throws IOException {
        if (one.equals(other)) {
            return true;
        }
        return other.getFileSystem() == fileSystem
                && volume().find(inVolume(one)) == volume().find(inVolume(other));
    }

    @Override
    public boolean isHidden(Path path) {
        Path name = path.getFileName();
        return name != null && name.toString().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        volume().find(inVolume(path));
        return new SimulatedFileStore(volume());
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        volume().find(inVolume(path));
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return type == BasicFileAttributeView.class ? type.cast(new BasicView(path)) : null;
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
            Path path, Class<A> type, LinkOption... options) throws IOException {
        if (type != BasicFileAttributes.class) {
            throw new UnsupportedOperationException("a simulated disk has basic attributes only");
        }
        return type.cast(attributes(path));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
            throws IOException {
        return attributes(path).select(names);
    }

    @Override
    public void setAttribute(Path path, String name, Object value, LinkOption... options)
            throws IOException {
        String bare = name.startsWith("basic:") ? name.substring(6) : name;
        if (!bare.equals("lastModifiedTime") || !(value instanceof FileTime time)) {
            throw new UnsupportedOperationException("only lastModifiedTime can be set");
        }
        volume().touch(inVolume(path), time.toMillis());
    }

    private SimulatedAttributes attributes(Path path) throws IOException {
        return volume().attributes(inVolume(path));
    }

    private final class BasicView implements BasicFileAttributeView {
        private final Path path;

        BasicView(Path path) {
            this.path = path;
        }

        @Override
        public String name() {
            return "basic";
        }

        @Override
        public BasicFileAttributes readAttributes() throws IOException {
            return attributes(path);
        }

        @Override
        public void setTimes(
                @Nullable FileTime lastModified,
                @Nullable FileTime lastAccess,
                @Nullable FileTime creation)
                throws IOException {
            if (lastModified != null) {
                volume().touch(inVolume(path), lastModified.toMillis());
            }
        }
    }
}
