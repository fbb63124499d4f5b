package io.headrace.coordinator.metadata;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Supplier;

import javax.sql.DataSource;

/** A data source whose commits end as a test wants: done, not done, and unknown in both cases. */
final class FaultyCommits {
    /** What becomes of a commit. */
    enum Fate {
        DONE_AND_ANSWERED,
        DONE_AND_LOST,
        LOST_AND_NOT_DONE
    }

    private final DataSource real;
    private final Supplier<Fate> fates;

    private FaultyCommits(DataSource real, Supplier<Fate> fates) {
        this.real = real;
        this.fates = fates;
    }

    /**
     * Puts itself before a data source.
     *
     * @param fates asked at each commit of a transaction
     */
    static DataSource over(DataSource real, Supplier<Fate> fates) {
        FaultyCommits faulty = new FaultyCommits(real, fates);
        return proxy(
                DataSource.class, (self, method, arguments) -> faulty.onSource(method, arguments));
    }

    private @Nullable Object onSource(Method method, @Nullable Object[] arguments)
            throws Throwable {
        Object answer = call(real, method, arguments);
        return answer instanceof Connection connection
                ? proxy(
                        Connection.class,
                        (self, called, given) -> onConnection(connection, called, given))
                : answer;
    }

    private @Nullable Object onConnection(
            Connection connection, Method method, @Nullable Object[] arguments) throws Throwable {
        if (!method.getName().equals("commit")) {
            return call(connection, method, arguments);
        }
        switch (fates.get()) {
            case DONE_AND_ANSWERED -> connection.commit();
            case DONE_AND_LOST -> {
                connection.commit();
                throw new SQLException("The connection was lost after the commit", "08006");
            }
            case LOST_AND_NOT_DONE -> {
                connection.rollback();
                throw new SQLException("The connection was lost before the commit", "08006");
            }
        }
        return null;
    }

    private static @Nullable Object call(Object target, Method method, @Nullable Object[] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(
                        FaultyCommits.class.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
