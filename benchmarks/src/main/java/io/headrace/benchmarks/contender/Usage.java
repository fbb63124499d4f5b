package io.headrace.benchmarks.contender;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What processes have used: processor time in user and kernel mode, memory, bytes sent to the disk.
 *
 * @param peakBytes the largest resident size so far
 * @param writtenBytes what was handed to the block device, from the process's own account
 */
public record Usage(
        double userSeconds,
        double systemSeconds,
        long residentBytes,
        long peakBytes,
        long writtenBytes) {
    static final Usage NONE = new Usage(0, 0, 0, 0, 0);

    private static final double TICKS_PER_SECOND = 100;

    /** Of one process. */
    public static Usage of(long pid) throws IOException {
        Path process = Path.of("/proc/" + pid);
        String[] fields = afterName(Files.readString(process.resolve("stat")));
        List<String> status = Files.readAllLines(process.resolve("status"));
        return new Usage(
                Long.parseLong(fields[11]) / TICKS_PER_SECOND,
                Long.parseLong(fields[12]) / TICKS_PER_SECOND,
                numberOf(status, "VmRSS:") * 1024,
                numberOf(status, "VmHWM:") * 1024,
                numberOf(Files.readAllLines(process.resolve("io")), "write_bytes:"));
    }

    /** Processor seconds of the calling process's children that have ended. */
    public static double endedChildrenSeconds() throws IOException {
        String[] fields = afterName(Files.readString(Path.of("/proc/self/stat")));
        return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_PER_SECOND;
    }

    /** When a process was started, in seconds since the machine was. */
    static double startedSeconds(long pid) throws IOException {
        String[] fields = afterName(Files.readString(Path.of("/proc/" + pid + "/stat")));
        return Long.parseLong(fields[19]) / TICKS_PER_SECOND;
    }

    /** Seconds since the machine was started. */
    static double machineSeconds() throws IOException {
        return Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0]);
    }

    /** Processor seconds that the whole machine has been busy for. */
    public static double machineBusySeconds() throws IOException {
        String[] fields = Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +", -1);
        long ticks = 0;
        for (int i = 1; i <= 8; i++) {
            boolean isIdle = i == 4 || i == 5;
            ticks += isIdle ? 0 : Long.parseLong(fields[i]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    public double seconds() {
        return userSeconds + systemSeconds;
    }

    Usage plus(Usage other) {
        return new Usage(
                userSeconds + other.userSeconds,
                systemSeconds + other.systemSeconds,
                residentBytes + other.residentBytes,
                peakBytes + other.peakBytes,
                writtenBytes + other.writtenBytes);
    }

    private static String[] afterName(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    }

    private static long numberOf(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
