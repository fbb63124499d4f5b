package io.headrace.testkit.disk;

import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;

/** The attributes of one file or directory at one moment. */
record SimulatedAttributes(
        boolean isDirectory,
        long size,
        FileTime lastModifiedTime,
        FileTime creationTime,
        Object fileKey)
        implements BasicFileAttributes {

    static SimulatedAttributes of(Inode inode) {
        FileTime modified = FileTime.fromMillis(inode.lastModifiedMs);
        FileTime created = FileTime.fromMillis(inode.creationMs);
        return switch (inode) {
            case FileInode file ->
                    new SimulatedAttributes(
                            false, file.bytes().sizeInBytes(), modified, created, inode);
            case DirectoryInode directory ->
                    new SimulatedAttributes(true, 0, modified, created, directory);
        };
    }

    @Override
    public FileTime lastAccessTime() {
        return lastModifiedTime;
    }

    @Override
    public boolean isRegularFile() {
        return !isDirectory;
    }

    @Override
    public boolean isSymbolicLink() {
        return false;
    }

    @Override
    public boolean isOther() {
        return false;
    }

    /** The attributes by their names in {@code Files.readAttributes(path, "size,isDirectory")}. */
    Map<String, Object> select(String attributes) {
        Map<String, Object> all = new HashMap<>();
        all.put("isDirectory", isDirectory);
        all.put("isRegularFile", isRegularFile());
        all.put("isSymbolicLink", false);
        all.put("isOther", false);
        all.put("size", size);
        all.put("lastModifiedTime", lastModifiedTime);
        all.put("lastAccessTime", lastModifiedTime);
        all.put("creationTime", creationTime);
        all.put("fileKey", fileKey);
        String names = attributes.startsWith("basic:") ? attributes.substring(6) : attributes;
        if (names.equals("*")) {
            return all;
        }
        Map<String, Object> selected = new HashMap<>();
        for (String name : names.split(",", -1)) {
            Object value = all.get(name);
            if (value == null) {
                throw new IllegalArgumentException("unknown attribute " + name);
            }
            selected.put(name, value);
        }
        return selected;
    }
}
