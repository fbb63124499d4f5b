package io.headrace.transport.loop;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;

import reactor.netty.resources.LoopResources;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A fixed set of loops; connections and partitions are spread over them. */
public final class LoopGroup implements Loops, AutoCloseable {
    private final EventLoopGroup group;
    private final List<Loop> loops = new ArrayList<>();
    private final IdentityHashMap<EventLoop, Loop> byEventLoop = new IdentityHashMap<>();

    private LoopGroup(EventLoopGroup group) {
        this.group = group;
        for (EventExecutor executor : group) {
            EventLoop eventLoop = (EventLoop) executor;
            Loop loop = new NettyLoop(eventLoop);
            loops.add(loop);
            byEventLoop.put(eventLoop, loop);
        }
    }

    /**
     * Makes a group; its threads start with their first task.
     *
     * @param name the prefix of the threads' names
     */
    public static LoopGroup start(String name, int threads) {
        IoHandlerFactory io =
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new LoopGroup(
                new MultiThreadIoEventLoopGroup(
                        threads, ShortTurns.of(new DefaultThreadFactory(name, true)), io));
    }

    @Override
    public int size() {
        return loops.size();
    }

    @Override
    public Loop at(int index) {
        return loops.get(index);
    }

    /** The loop that wraps the event loop of a channel of this group. */
    public Loop of(EventLoop eventLoop) {
        Loop loop = byEventLoop.get(eventLoop);
        if (loop == null) {
            throw new IllegalArgumentException("Not of this group: " + eventLoop);
        }
        return loop;
    }

    /** This group as the source of threads for servers and clients. */
    public LoopResources resources() {
        return preferNative -> group;
    }

    /** Stops the threads once what is queued has run, waiting at most two seconds. */
    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2000);
    }

    private record NettyLoop(EventLoop eventLoop) implements Loop {
        @Override
        public boolean inLoop() {
            return eventLoop.inEventLoop();
        }

        @Override
        public void execute(Runnable task) {
            eventLoop.execute(task);
        }

        @Override
        public ScheduledTask schedule(Runnable task, long delayMs) {
            var future = eventLoop.schedule(task, delayMs, TimeUnit.MILLISECONDS);
            return () -> future.cancel(false);
        }
    }
}
