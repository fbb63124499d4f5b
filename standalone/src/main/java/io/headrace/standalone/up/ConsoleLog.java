package io.headrace.standalone.up;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The log on the console. It is silent during the start, of which the command tells in one line.
 */
final class ConsoleLog {
    private static @Nullable Appender<ILoggingEvent> console;

    private ConsoleLog() {}

    /** Takes the console from the log; the file goes on. */
    static synchronized void mute() {
        Logger root = root();
        Appender<ILoggingEvent> found = root.getAppender("CONSOLE");
        if (found != null) {
            console = found;
            root.detachAppender(found);
        }
    }

    /** Gives the console back. */
    static synchronized void unmute() {
        Appender<ILoggingEvent> found = console;
        if (found != null) {
            root().addAppender(found);
            console = null;
        }
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }
}
