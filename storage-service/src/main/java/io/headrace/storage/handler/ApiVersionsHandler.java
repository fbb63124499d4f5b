package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData.FinalizedFeatureKey;
import org.apache.kafka.common.message.ApiVersionsResponseData.FinalizedFeatureKeyCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData.SupportedFeatureKey;
import org.apache.kafka.common.message.ApiVersionsResponseData.SupportedFeatureKeyCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.function.Supplier;
import java.util.regex.Pattern;

/** ApiVersions: what this node serves, and the cluster's finalized features (KIP-35, KIP-584). */
final class ApiVersionsHandler implements ApiHandler {
    private static final Pattern SOFTWARE =
            Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?");

    private final Services services;
    private final Supplier<HandlerRegistry> registry;

    ApiVersionsHandler(Services services, Supplier<HandlerRegistry> registry) {
        this.services = services;
        this.registry = registry;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.API_VERSIONS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ApiVersionsRequestData asked = (ApiVersionsRequestData) body;
        MetadataImage image = services.image();
        ApiVersionsResponseData response = new ApiVersionsResponseData();
        if (request.version() >= 3 && !isNamedProperly(asked)) {
            request.reply(response.setErrorCode(Errors.INVALID_REQUEST.code()));
            return;
        }
        ApiVersionCollection versions = new ApiVersionCollection();
        versions.addAll(registry.get().advertised(image));
        response.setApiKeys(versions).setFinalizedFeaturesEpoch(image.nextOffset() - 1);
        addFeatures(image, response);
        request.reply(response);
    }

    private static boolean isNamedProperly(ApiVersionsRequestData asked) {
        return SOFTWARE.matcher(asked.clientSoftwareName()).matches()
                && SOFTWARE.matcher(asked.clientSoftwareVersion()).matches();
    }

    private static void addFeatures(MetadataImage image, ApiVersionsResponseData response) {
        SupportedFeatureKeyCollection supported = new SupportedFeatureKeyCollection();
        FinalizedFeatureKeyCollection finalized = new FinalizedFeatureKeyCollection();
        image.features()
                .forEach(
                        (name, level) -> {
                            finalized.add(
                                    new FinalizedFeatureKey()
                                            .setName(name)
                                            .setMinVersionLevel(level)
                                            .setMaxVersionLevel(level));
                            supported.add(
                                    new SupportedFeatureKey()
                                            .setName(name)
                                            .setMinVersion((short) 0)
                                            .setMaxVersion(level));
                        });
        response.setSupportedFeatures(supported).setFinalizedFeatures(finalized);
    }
}
