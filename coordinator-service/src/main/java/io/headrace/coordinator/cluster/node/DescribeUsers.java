package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;

import org.apache.kafka.common.message.DescribeUserScramCredentialsRequestData;
import org.apache.kafka.common.message.DescribeUserScramCredentialsResponseData;
import org.apache.kafka.common.message.DescribeUserScramCredentialsResponseData.DescribeUserScramCredentialsResult;
import org.apache.kafka.common.protocol.Errors;

import java.util.HashSet;
import java.util.Set;

/** Describes SCRAM credentials (KIP-554) of a cluster that has no users: there are none. */
public record DescribeUsers(DescribeUserScramCredentialsRequestData request)
        implements Command<DescribeUserScramCredentialsResponseData> {

    @Override
    public Decision<DescribeUserScramCredentialsResponseData> decide(
            ControllerState state, long nowMs) {
        DescribeUserScramCredentialsResponseData response =
                new DescribeUserScramCredentialsResponseData().setErrorMessage(null);
        if (request.users() != null) {
            Set<String> seen = new HashSet<>();
            for (var user : request.users()) {
                if (seen.add(user.name())) {
                    response.results()
                            .add(
                                    new DescribeUserScramCredentialsResult()
                                            .setUser(user.name())
                                            .setErrorCode(Errors.RESOURCE_NOT_FOUND.code())
                                            .setErrorMessage(
                                                    "Attempt to describe a user credential that"
                                                            + " does not exist: "
                                                            + user.name()));
                }
            }
        }
        return Decision.answer(response);
    }
}
