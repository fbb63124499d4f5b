/** Tests of the work on the metadata database. */
@NullMarked
package io.headrace.standalone.metadata;

import org.jspecify.annotations.NullMarked;
