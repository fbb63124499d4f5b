package io.headrace.standalone.tools;

import io.headrace.testkit.process.ChildProcess;

import org.apache.kafka.common.utils.Exit;
import org.jspecify.annotations.Nullable;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A process that runs Kafka's tools one after the other: starting a JVM for each takes longer than
 * what they do. Each runs from its own main method, with standard input and output of its own, and
 * ends where it would end its process.
 */
final class ToolProcess {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final int RUN_LIMIT_MS = 60_000;
    private static @Nullable ToolProcess shared;

    private final ChildProcess process;
    private final int port;

    /** How a tool ended, and what it printed. */
    record Outcome(int exitCode, String output) {}

    private ToolProcess(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * The process that this JVM's tests share: started when first asked for, ends with this JVM.
     */
    static synchronized ToolProcess shared() throws IOException {
        ToolProcess running = shared;
        if (running == null || !running.process.isAlive()) {
            running = start();
            shared = running;
        }
        return running;
    }

    private static ToolProcess start() throws IOException {
        ChildProcess process =
                ChildProcess.java(ToolProcess.class, "-Xmx256m", "-XX:+UseSerialGC").start();
        String line = process.awaitLine(START_LIMIT, said -> said.startsWith("port "));
        return new ToolProcess(process, Integer.parseInt(line.substring(5)));
    }

    /** Runs a tool; who comes meanwhile waits. */
    synchronized Outcome run(String mainClass, String input, String... arguments)
            throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(RUN_LIMIT_MS);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeUTF(mainClass);
            writeText(out, input);
            out.writeInt(arguments.length);
            for (String argument : arguments) {
                out.writeUTF(argument);
            }
            DataInputStream in = new DataInputStream(socket.getInputStream());
            return new Outcome(in.readInt(), readText(in));
        }
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
        out.flush();
    }

    private static String readText(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }

    // In the process.

    /** A tool's own end of its process. */
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static final AtomicReference<@Nullable Integer> EXIT_CODE = new AtomicReference<>();

    /** Serves one caller after the other, for ever. */
    public static void main(String[] none) throws IOException {
        Exit.setExitProcedure((code, message) -> end(code));
        Exit.setHaltProcedure((code, message) -> end(code));
        Exit.setShutdownHookAdder((name, hook) -> {});
        PrintStream console = System.out;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            console.println("port " + server.getLocalPort());
            while (true) {
                try (Socket caller = server.accept()) {
                    serve(caller);
                } catch (IOException gone) {
                    console.println("A caller left: " + gone);
                }
            }
        }
    }

    /** The first code counts: a tool may take what ends it here for a failure of its own. */
    private static void end(int code) {
        EXIT_CODE.compareAndSet(null, code);
        throw new Ended();
    }

    private static void serve(Socket caller) throws IOException {
        DataInputStream in = new DataInputStream(caller.getInputStream());
        String mainClass = in.readUTF();
        String input = readText(in);
        String[] arguments = new String[in.readInt()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = in.readUTF();
        }
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8);
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        System.setOut(capture);
        System.setErr(capture);
        int exitCode = call(mainClass, arguments, capture);
        capture.flush();
        DataOutputStream out = new DataOutputStream(caller.getOutputStream());
        out.writeInt(exitCode);
        writeText(out, printed.toString(StandardCharsets.UTF_8));
    }

    private static int call(String mainClass, String[] arguments, PrintStream capture) {
        EXIT_CODE.set(null);
        try {
            Class.forName(mainClass)
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof Ended)) {
                EXIT_CODE.compareAndSet(null, 1);
                e.printStackTrace(capture);
            }
        } catch (ReflectiveOperationException e) {
            EXIT_CODE.compareAndSet(null, 1);
            e.printStackTrace(capture);
        }
        Integer code = EXIT_CODE.get();
        return code == null ? 0 : code;
    }
}
