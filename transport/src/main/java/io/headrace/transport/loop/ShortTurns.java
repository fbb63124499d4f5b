package io.headrace.transport.loop;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;

/**
 * Threads that the system's scheduler is asked to run in short turns, and so, within the same share
 * of the processor, soon after they wake up: those that hand requests on, each for some
 * microseconds, while others compute. On a machine whose processors are all busy such a thread
 * otherwise waits out a turn of theirs at each hand-over.
 *
 * <p>A turn is what {@code sched_setattr(2)} calls the runtime of an ordinary thread: Linux from
 * 6.12 keeps to it (the slice of EEVDF, "earliest eligible virtual deadline first"). It takes no
 * rights and no one's share. Elsewhere, and where it is refused, threads run as they did.
 */
public final class ShortTurns {
    private static final Duration TURN = Duration.ofNanos(100_000); // the least there is

    private ShortTurns() {}

    /** The factory's threads, each of which asks before it runs. */
    public static ThreadFactory of(ThreadFactory factory) {
        return task ->
                factory.newThread(
                        () -> {
                            ask();
                            task.run();
                        });
    }

    /**
     * Asks for the calling thread.
     *
     * @return whether the system took it
     */
    public static boolean ask() {
        Scheduler scheduler = Scheduler.OF_THIS_SYSTEM;
        return scheduler != null && scheduler.shorten(TURN);
    }

    /** How long the calling thread's turns are, or null where that cannot be told. */
    static @Nullable Duration turn() {
        Scheduler scheduler = Scheduler.OF_THIS_SYSTEM;
        return scheduler == null ? null : scheduler.turn();
    }

    /** The kernel's calls, which the C library has no function for in all versions. */
    @SuppressWarnings("restricted") // the JDK has no other way; signatures are checked
    private record Scheduler(MethodHandle call, long getNumber, long setNumber) {
        static final @Nullable Scheduler OF_THIS_SYSTEM = find();

        private static final long CALLER = 0; // the calling thread's number
        private static final int ORDINARY = 0; // SCHED_OTHER
        private static final StructLayout ATTRIBUTES =
                MemoryLayout.structLayout(
                        ValueLayout.JAVA_INT.withName("size"),
                        ValueLayout.JAVA_INT.withName("policy"),
                        ValueLayout.JAVA_LONG.withName("flags"),
                        ValueLayout.JAVA_INT.withName("nice"),
                        ValueLayout.JAVA_INT.withName("priority"),
                        ValueLayout.JAVA_LONG.withName("runtime"),
                        ValueLayout.JAVA_LONG.withName("deadline"),
                        ValueLayout.JAVA_LONG.withName("period"));

        private static @Nullable Scheduler find() {
            if (!System.getProperty("os.name").equals("Linux")) {
                return null;
            }
            return switch (System.getProperty("os.arch")) {
                case "amd64" -> open(315, 314);
                case "aarch64" -> open(275, 274);
                default -> null;
            };
        }

        private static @Nullable Scheduler open(long getNumber, long setNumber) {
            try {
                Linker linker = Linker.nativeLinker();
                MethodHandle call =
                        linker.downcallHandle(
                                linker.defaultLookup().findOrThrow("syscall"),
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.ADDRESS,
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_LONG),
                                Linker.Option.firstVariadicArg(1));
                return new Scheduler(call, getNumber, setNumber);
            } catch (IllegalCallerException nativeAccessIsDenied) {
                return null;
            }
        }

        boolean shorten(Duration turn) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment attributes = arena.allocate(ATTRIBUTES);
                if (!read(attributes)) {
                    return false;
                }
                attributes.set(ValueLayout.JAVA_LONG, at("runtime"), turn.toNanos());
                return call(setNumber, attributes, 0) == 0;
            }
        }

        @Nullable Duration turn() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment attributes = arena.allocate(ATTRIBUTES);
                return read(attributes)
                        ? Duration.ofNanos(attributes.get(ValueLayout.JAVA_LONG, at("runtime")))
                        : null;
            }
        }

        /** Reads what holds for the calling thread, unless an operator gave it another policy. */
        private boolean read(MemorySegment attributes) {
            return call(getNumber, attributes, ATTRIBUTES.byteSize()) == 0
                    && attributes.get(ValueLayout.JAVA_INT, at("policy")) == ORDINARY;
        }

        private long call(long number, MemorySegment attributes, long thirdArgument) {
            try {
                return (long) call.invokeExact(number, CALLER, attributes, thirdArgument, 0L);
            } catch (Throwable e) {
                throw new IllegalStateException("A call into the C library failed", e);
            }
        }

        private static long at(String field) {
            return ATTRIBUTES.byteOffset(MemoryLayout.PathElement.groupElement(field));
        }
    }
}
