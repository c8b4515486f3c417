// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0
package org.neofleet.probe.@PACKAGE@;

import java.util.stream.Stream;
import org.neo4j.kernel.api.procedure.SystemProcedure;
import org.neo4j.kernel.internal.GraphDatabaseAPI;
import org.neo4j.procedure.Context;
import org.neo4j.procedure.Mode;
import org.neo4j.procedure.Name;
import org.neo4j.procedure.Procedure;
import org.neo4j.procedure.UserFunction;

/**
 * What the image carries in place of a plugin: procedures under the plugin's own name space, so that
 * the server itself shows what its two procedure settings let through.
 */
public class Probe {
    public static class Row {
        public String value;

        public Row(String value) {
            this.value = value;
        }
    }

    /** Needs nothing from inside the server: there as soon as the allowlist lets the jar's names through. */
    public static class Open {
        @SystemProcedure
        @Procedure(name = "@PREFIX@.neofleet.ping", mode = Mode.READ)
        public Stream<Row> ping() {
            return Stream.of(new Row("pong"));
        }

        @UserFunction(name = "@PREFIX@.neofleet.echo")
        public String echo(@Name("text") String text) {
            return text;
        }
    }

    /** Injects an internal component: callable only where the unrestricted list covers it. */
    public static class Inside {
        @Context
        public GraphDatabaseAPI api;

        @SystemProcedure
        @Procedure(name = "@PREFIX@.neofleet.inside", mode = Mode.READ)
        public Stream<Row> inside() {
            return Stream.of(new Row(api.databaseName()));
        }
    }
}
