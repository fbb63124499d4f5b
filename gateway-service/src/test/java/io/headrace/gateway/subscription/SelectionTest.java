package io.headrace.gateway.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {
    @ParameterizedTest
    @CsvSource({
        "orders,orders,true",
        "orders,order,false",
        "o*,orders,true",
        "*s,orders,true",
        "*,x,true",
        "o?ders,orders,true",
        "o?ders,oders,false",
        "*a*b*,xxaxxbxx,true",
        "*a*b*,xxbxxaxx,false",
        "a**,a,true",
    })
    void patternsMatch(String pattern, String topic, boolean matches) {
        assertThat(Selection.matches(pattern, topic)).isEqualTo(matches);
    }

    @Test
    void hostilePatternsEndSoon() {
        String text = "a".repeat(249);
        assertThat(Selection.matches("*a".repeat(120) + "b", text)).isFalse();
    }

    @Test
    void creditIsAccountedFor() {
        Credit credit = Credit.of(3);
        assertThat(credit.available(10)).isEqualTo(3);
        credit.spend(2);
        assertThat(credit.left()).isEqualTo(1);
        credit.add(Long.MAX_VALUE);
        assertThat(credit.left()).isEqualTo(Long.MAX_VALUE);
        assertThat(Credit.unlimited().available(7)).isEqualTo(7);
        Credit none = Credit.of(0);
        assertThatThrownBy(() -> none.spend(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> none.add(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
