// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0
package org.neofleet.probe.sandboxed;

import java.util.stream.Stream;
import org.neo4j.kernel.api.procedure.SystemProcedure;
import org.neo4j.kernel.internal.GraphDatabaseAPI;
import org.neo4j.procedure.Admin;
import org.neo4j.procedure.Context;
import org.neo4j.procedure.Mode;
import org.neo4j.procedure.Name;
import org.neo4j.procedure.Procedure;

/**
 * The Fleet Manager's names as the plugin form shows them where the unrestricted list leaves them
 * out: listed, and every call refused by the server because they reach inside it.
 */
public class Sandboxed {
    @Context
    public GraphDatabaseAPI api;

    public static class Result {
        public String result = "";
    }

    public static class Status {
        public boolean active;
        public boolean connected;
        public String statusMessage = "";
    }

    public static class Inspection {
        public String projectId;
        public String tokenExpires;
        public String errorMessage;
    }

    @Admin
    @SystemProcedure
    @Procedure(name = "fleetManagement.registerToken", mode = Mode.DBMS)
    public Stream<Result> registerToken(@Name("token") String token) {
        return Stream.of(new Result());
    }

    @Admin
    @SystemProcedure
    @Procedure(name = "fleetManagement.inspectToken", mode = Mode.DBMS)
    public Stream<Inspection> inspectToken(@Name(value = "token", defaultValue = "") String token) {
        return Stream.of(new Inspection());
    }

    @Admin
    @SystemProcedure
    @Procedure(name = "fleetManagement.disable", mode = Mode.DBMS)
    public Stream<Result> disable() {
        return Stream.of(new Result());
    }

    @Admin
    @SystemProcedure
    @Procedure(name = "fleetManagement.status", mode = Mode.READ)
    public Stream<Status> status() {
        return Stream.of(new Status());
    }
}
