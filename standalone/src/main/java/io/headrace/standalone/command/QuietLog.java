package io.headrace.standalone.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;

import org.slf4j.LoggerFactory;

/** The log of a command that tells a person itself how it goes. */
public final class QuietLog {
    private QuietLog() {}

    /** Leaves the console to the command: libraries say nothing on it. */
    public static void nothing() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.OFF);
    }
}
