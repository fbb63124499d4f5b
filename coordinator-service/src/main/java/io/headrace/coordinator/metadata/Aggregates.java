package io.headrace.coordinator.metadata;

import org.springframework.data.jdbc.core.JdbcAggregateOperations;
import org.springframework.data.jdbc.core.JdbcAggregateTemplate;
import org.springframework.data.jdbc.core.convert.DataAccessStrategy;
import org.springframework.data.jdbc.core.convert.DataAccessStrategyFactory;
import org.springframework.data.jdbc.core.convert.JdbcConverter;
import org.springframework.data.jdbc.core.convert.MappingJdbcConverter;
import org.springframework.data.jdbc.core.convert.QueryMappingConfiguration;
import org.springframework.data.jdbc.core.dialect.DialectResolver;
import org.springframework.data.jdbc.core.dialect.JdbcDialect;
import org.springframework.data.jdbc.core.mapping.JdbcMappingContext;
import org.springframework.data.relational.core.mapping.DefaultNamingStrategy;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;

import java.util.concurrent.atomic.AtomicReference;

/** Spring Data JDBC, set up without an application context: rows are values, there is no magic. */
final class Aggregates {
    private Aggregates() {}

    static JdbcAggregateOperations over(JdbcOperations jdbc) {
        NamedParameterJdbcTemplate named = new NamedParameterJdbcTemplate(jdbc);
        JdbcDialect dialect = DialectResolver.getDialect(jdbc);
        JdbcMappingContext context = new JdbcMappingContext(new TableNames());
        AtomicReference<DataAccessStrategy> strategy = new AtomicReference<>();
        JdbcConverter converter =
                new MappingJdbcConverter(
                        context,
                        (identifier, path) -> strategy.get().findAllByPath(identifier, path));
        strategy.set(
                new DataAccessStrategyFactory(
                                converter, named, dialect, QueryMappingConfiguration.EMPTY)
                        .create());
        return new JdbcAggregateTemplate(converter, strategy.get());
    }

    /** {@code ShardOwnerRow} is a row of {@code shard_owners}. */
    private static final class TableNames extends DefaultNamingStrategy {
        @Override
        public String getTableName(Class<?> type) {
            String name = super.getTableName(type);
            return name.substring(0, name.length() - "_row".length()) + "s";
        }
    }
}
