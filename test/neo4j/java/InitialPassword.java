// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0
package org.neofleet.image;

import java.nio.file.Path;
import org.neo4j.cli.ExecutionContext;
import org.neo4j.commandline.admin.security.SetInitialPasswordCommand;
import picocli.CommandLine;

/** neo4j-admin dbms set-initial-password, without the seconds it takes to gather every other command. */
public class InitialPassword {
    public static void main(String[] args) {
        Path home = Path.of(System.getenv("NEO4J_HOME"));
        ExecutionContext context = new ExecutionContext(home, home.resolve("conf"));
        System.exit(new CommandLine(new SetInitialPasswordCommand(context)).execute(args));
    }
}
