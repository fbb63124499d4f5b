package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.UncleanElections;
import io.headrace.coordinator.cluster.node.BeginTakeOver;
import io.headrace.coordinator.cluster.node.ReviewCoordinators;
import io.headrace.coordinator.cluster.node.ReviewNodes;
import io.headrace.coordinator.cluster.replica.BalanceLeaders;
import io.headrace.coordinator.cluster.replica.BalanceLoad;
import io.headrace.coordinator.cluster.replica.ElectDueLeaders;
import io.headrace.coordinator.cluster.replica.Upkeep;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.NotControllerException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.dao.NonTransientDataAccessResourceException;
import org.springframework.transaction.TransactionException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/**
 * The controller while it has the role. Confined to the controller's thread.
 *
 * <p>A turn decides what nodes' sessions ask for and then commands, commits all records in one
 * transaction, publishes them and answers. A commit of unknown outcome is resolved by reading the
 * controller row again before anything else is done.
 */
final class ActiveController {
    private static final Logger log = LoggerFactory.getLogger(ActiveController.class);
    private static final int PRUNE_EVERY = 1_000;
    private static final int MAX_RECORDS_PER_COMMIT = 20_000;

    private final ControllerOptions options;
    private final MetadataStore store;
    private final TakeOver takeOver;
    private final ControllerState state;
    private final MetadataLog metadataLog;
    private final Role role;
    private final LongAdder uncleanElections;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private MetadataImage committed;
    private int commitsSincePrune;

    /** An answer that waits until every node has applied the metadata before an offset. */
    private record Held(long nextOffset, long deadlineMs, Runnable answer) {}

    /** The decisions of one turn that are not committed yet. */
    private static final class Turn {
        final List<ApiMessage> records = new ArrayList<>();
        final List<Runnable> answers = new ArrayList<>();
        final List<Runnable> answersAfterNodes = new ArrayList<>();
        final List<CompletableFuture<?>> futures = new ArrayList<>();
    }

    ActiveController(
            ControllerOptions options,
            MetadataStore store,
            TakeOver takeOver,
            ControllerState state,
            MetadataLog metadataLog,
            Role role,
            LongAdder uncleanElections) {
        this.uncleanElections = uncleanElections;
        this.role = role;
        this.options = options;
        this.store = store;
        this.takeOver = takeOver;
        this.state = state;
        this.metadataLog = metadataLog;
        this.committed = state.image();
    }

    private long nowMs() {
        return options.clock().getAsLong();
    }

    /** Commits what a new controller has to say before it serves. */
    void commitFirst(CoordinatorIdentity identity) {
        Turn turn = new Turn();
        decide(turn, new BeginTakeOver(role.stayingCoordinators(identity)), nowMs());
        commit(turn);
    }

    /** Does the work at hand, and what time asks for. */
    void turn(List<ControllerWork> work) {
        boolean confirm = false;
        for (ControllerWork item : work) {
            if (item instanceof ControllerWork.Told told) {
                told.news().accept(state);
            }
            confirm |= item instanceof ControllerWork.Confirm;
        }
        boolean confirmed = holdRole(confirm);
        for (ControllerWork item : work) {
            if (item instanceof ControllerWork.Confirm asked) {
                asked.answer().complete(confirmed);
            }
        }
        reviewNodes();
        decideAsked(work, true);
        decideAsked(work, false);
        if (state.electionsDue()) {
            elect(new Turn());
        }
        releaseHeld();
    }

    private void decideAsked(List<ControllerWork> work, boolean urgent) {
        Turn turn = new Turn();
        for (ControllerWork item : work) {
            if (item instanceof ControllerWork.Asked<?> asked
                    && asked.command().isUrgent() == urgent) {
                ask(turn, asked);
                if (turn.records.size() >= MAX_RECORDS_PER_COMMIT) {
                    commit(turn);
                    turn = new Turn();
                }
            }
        }
        commit(turn);
    }

    /**
     * Shows that this controller is alive, and looks at the other coordinators, when it is time.
     *
     * @param now whether to ask SQL in any case
     * @return whether SQL said that this controller has the role
     * @throws DeposedException if it said that it has not
     */
    private boolean holdRole(boolean now) {
        long nowMs = nowMs();
        boolean asked;
        try {
            asked = role.hold(store, takeOver, options, now, nowMs);
        } catch (DataAccessException | TransactionException e) {
            log.warn("SQL is not heard now: {}", Database.reasonOf(e));
            return false;
        }
        if (role.wasCutOff()) {
            state.forgiveSilence(nowMs);
        }
        List<CoordinatorIdentity> staying = role.changedCoordinators();
        if (staying != null) {
            Turn turn = new Turn();
            decide(turn, new ReviewCoordinators(staying), nowMs);
            commit(turn);
        }
        return asked;
    }

    /** Fencing and elections, before admin writes. */
    private void reviewNodes() {
        long nowMs = nowMs();
        state.expireSessions(nowMs);
        Turn turn = new Turn();
        decide(turn, new ReviewNodes(), nowMs);
        elect(turn);
        keepUp(nowMs);
    }

    /** What the controller does by itself while nothing is wrong. */
    private void keepUp(long nowMs) {
        Turn turn = new Turn();
        if (state.upkeepDue(nowMs)) {
            decide(turn, new Upkeep(), nowMs);
            state.upkeepDone(nowMs);
        }
        if (state.balanceDue(nowMs)) {
            state.balanceDone(decide(turn, new BalanceLeaders(), nowMs), nowMs);
        }
        if (state.loadDue(nowMs)) {
            state.loadDone(decide(turn, new BalanceLoad(), nowMs), nowMs);
        }
        commit(turn);
    }

    /** Elections in transactions of their own, the first together with what the turn decided. */
    private void elect(Turn first) {
        Turn turn = first;
        long nowMs = nowMs();
        boolean done = false;
        while (state.electionsDue() && !done) {
            done = decide(turn, new ElectDueLeaders(), nowMs);
            commit(turn);
            turn = new Turn();
            if (done) {
                state.electionsDone();
            }
        }
        commit(turn);
    }

    private <R> R decide(Turn turn, Command<R> command, long nowMs) {
        Decision<R> decision = state.decide(command, nowMs);
        state.apply(decision.records(), nowMs);
        turn.records.addAll(decision.records());
        return decision.response();
    }

    private <R> void ask(Turn turn, ControllerWork.Asked<R> asked) {
        CompletableFuture<R> answer = asked.answer();
        int before = turn.records.size();
        try {
            R response = decide(turn, asked.command(), nowMs());
            Runnable reply = () -> answer.complete(response);
            boolean changed = turn.records.size() > before;
            if (changed && asked.command().awaitsNodes()) {
                turn.answersAfterNodes.add(reply);
            } else {
                turn.answers.add(reply);
            }
            turn.futures.add(answer);
        } catch (ApiException e) {
            // Decided on state that may not be committed yet: said when it is.
            turn.answers.add(() -> answer.completeExceptionally(e));
            turn.futures.add(answer);
        } catch (RuntimeException e) {
            log.error("Deciding {} failed", asked.command().getClass().getSimpleName(), e);
            answer.completeExceptionally(
                    new UnknownServerException("The controller failed to decide: " + e, e));
        }
    }

    private void commit(Turn turn) {
        if (!turn.records.isEmpty() && !commitRecords(turn)) {
            return;
        }
        turn.answers.forEach(Runnable::run);
        long deadlineMs = nowMs() + options.times().awaitNodesMs();
        for (Runnable answer : turn.answersAfterNodes) {
            held.add(new Held(committed.nextOffset(), deadlineMs, answer));
        }
    }

    private boolean commitRecords(Turn turn) {
        LogRow row =
                SqlStore.logRow(
                        takeOver, committed.nextOffset(), turn.records, System.currentTimeMillis());
        try {
            commitUntilKnown(row, turn.records);
        } catch (DeposedException e) {
            RuntimeException refusal = new NotControllerException(e.getMessage());
            turn.futures.forEach(future -> future.completeExceptionally(refusal));
            throw e;
        } catch (NonTransientDataAccessException e) {
            log.error("The database refuses a change; it is dropped", e);
            RuntimeException refusal =
                    new UnknownServerException("The database refuses this change: " + e, e);
            turn.futures.forEach(future -> future.completeExceptionally(refusal));
            state.reset(committed);
            return false;
        }
        role.heard(nowMs());
        for (String partition : UncleanElections.among(turn.records, committed)) {
            uncleanElections.increment();
            log.error("Unclean election, acknowledged records may be lost: {}", partition);
        }
        committed = state.image();
        metadataLog.append(row, committed);
        prune();
        return true;
    }

    /** Commits, and tries again as long as the database is down, until the outcome is known. */
    private void commitUntilKnown(LogRow row, List<ApiMessage> records) {
        while (true) {
            try {
                if (store.append(row, records, this::topicName)) {
                    return;
                }
                throw new DeposedException(
                        "Deposed: epoch "
                                + takeOver.controllerEpoch()
                                + " of coordinator "
                                + takeOver.controllerId()
                                + " has ended");
            } catch (DataAccessException | TransactionException e) {
                if (wasCommitted(row, e)) {
                    return;
                }
                if (e instanceof NonTransientDataAccessException refused
                        && !(e instanceof NonTransientDataAccessResourceException)) {
                    throw refused;
                }
                log.warn("A commit failed and is tried again: {}", Database.reasonOf(e));
            }
        }
    }

    private boolean wasCommitted(LogRow row, RuntimeException cause) {
        while (true) {
            try {
                ControllerRow now = store.readControllerLocked(takeOver.controllerEpoch());
                if (now.controllerEpoch() != takeOver.controllerEpoch()
                        || !now.takeOverId().equals(takeOver.takeOverId())) {
                    throw new DeposedException("Deposed while a commit was under way");
                }
                return now.nextOffset() == row.nextOffset();
            } catch (DataAccessException | TransactionException e) {
                log.warn(
                        "The outcome of a commit is not known yet ({}): {}",
                        Database.reasonOf(cause),
                        Database.reasonOf(e));
                pause();
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(options.times().retryDelayMs());
        } catch (InterruptedException e) {
            throw new DeposedException("Stopped while a commit was under way");
        }
    }

    private String topicName(Uuid topicId) {
        TopicImage topic = committed.topic(topicId);
        return topic == null ? "" : topic.name();
    }

    private void prune() {
        if (++commitsSincePrune < PRUNE_EVERY) {
            return;
        }
        commitsSincePrune = 0;
        try {
            store.pruneLog(metadataLog.logStartOffset());
        } catch (DataAccessException e) {
            log.warn("Old rows of the metadata log stay for now: {}", e.getMessage());
        }
    }

    private void releaseHeld() {
        long nowMs = nowMs();
        while (!held.isEmpty()) {
            Held first = held.peek();
            if (first.deadlineMs() > nowMs && !state.isKnownToAll(first.nextOffset())) {
                return;
            }
            held.poll().answer().run();
        }
    }

    /** How many nodes are heard while they are too few to trust one's own ears; else -1. */
    int nodesSeenInDoubt() {
        return state.mayBeCutOff(nowMs()) ? state.seenNodes() : -1;
    }

    /** Answers what is committed and only waits for nodes. */
    void close() {
        held.forEach(first -> first.answer().run());
        held.clear();
    }
}
