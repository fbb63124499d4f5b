package io.headrace.transport.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RosterTest {
    private final Roster<String> roster = new Roster<>();

    @Test
    void aThingIsVisitedFromItsFirstShowingUntilItsEnd() {
        Roster.Place<String> place = roster.placeOf("log");
        assertThat(roster.listed()).as("not ready yet").isEmpty();
        place.ask();
        assertThat(roster.listed()).as("not ready yet").isEmpty();

        roster.add("log");
        assertThat(roster.listed()).containsExactly("log");

        place.end();
        assertThat(roster.listed()).isEmpty();
    }

    @Test
    void whatRestsIsVisitedAgainOnceItAsks() {
        Roster.Place<String> place = roster.placeOf("log");
        roster.add("log");
        place.end();

        place.ask();
        place.ask();

        assertThat(roster.listed()).containsExactly("log");
    }

    @Test
    void orderIsThatOfTheAsking() {
        Roster.Place<String> early = roster.placeOf("early");
        roster.add("early");
        roster.add("late");
        early.end();
        early.ask();

        assertThat(roster.listed()).containsExactly("late", "early");
    }
}
