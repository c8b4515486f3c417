// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0
package org.neo4j.server.startup;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import org.neo4j.cli.ExecutionContext;
import org.neo4j.commandline.admin.security.SetInitialPasswordCommand;
import org.neo4j.configuration.Config;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.graphdb.config.Setting;
import picocli.CommandLine;

/**
 * What one release makes of each input: lines GRAMMAR TAB INPUT come in, VERDICT goes out, a line for each. In this package, because
 * the bootloader is not public. The folder in the first argument is scratch.
 */
public class Verdicts {
    private static final Map<String, String> SETTINGS = Map.of(
            "size", "server.memory.pagecache.size",
            "duration", "db.transaction.timeout",
            "boolean", "server.http.enabled",
            "integer", "dbms.security.auth_minimum_password_length",
            "address", "server.bolt.listen_address");
    private static final String TOKEN =
            "{\"project_id\":\"p-1\",\"private_key\":\"x\",\"kid\":\"k-1\",\"expiry_time\":\"%s\"}";

    private static Path home;

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(new PrintStream(new ByteArrayOutputStream()));
        home = Path.of(args[0]);
        Files.createDirectories(home.resolve("conf"));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int tab = line.indexOf('\t');
            String input = unescape(line.substring(tab + 1));
            out.println(escape(verdict(line.substring(0, tab), input)));
        }
        System.exit(0);
    }

    private static String verdict(String grammar, String input) throws Exception {
        return switch (grammar) {
            case "password" -> password(input);
            case "token" -> token(Base64.getEncoder().encodeToString(input.getBytes(StandardCharsets.UTF_8)));
            case "instant" -> token(Base64.getEncoder()
                    .encodeToString(TOKEN.formatted(input).getBytes(StandardCharsets.UTF_8)));
            case "encoding" -> token(input);
            case "flags", "written" -> command(input);
            default -> value(SETTINGS.get(grammar), input);
        };
    }

    /** Letters beyond ASCII by their numbers, as neofleet writes them, which all releases read alike. */
    private static String ascii(String text) {
        StringBuilder out = new StringBuilder();
        for (char c : text.toCharArray()) out.append(c < 0x80 ? String.valueOf(c) : "\\u%04x".formatted((int) c));
        return out.toString();
    }

    /** A value as it stands in neo4j.conf. */
    private static String value(String setting, String value) throws IOException {
        Path file = home.resolve("conf/neo4j.conf");
        Files.writeString(file, setting + "=" + ascii(value) + "\n");
        try {
            Config config = Config.newBuilder()
                    .set(GraphDatabaseSettings.neo4j_home, home)
                    .fromFile(file)
                    .build();
            return "taken: " + text(config.get((Setting<?>) config.getSetting(setting)));
        } catch (Exception e) {
            return "refused";
        }
    }

    private static String text(Object value) {
        if (value instanceof Duration duration) return duration.toMillis() + " ms";
        if (value instanceof SocketAddress address) return address.getHostname() + " " + address.getPort();
        return String.valueOf(value);
    }

    /** "LEAST PASSWORD"; taken where the very password is stored. */
    private static String password(String input) throws Exception {
        String password = input.substring(input.indexOf(' ') + 1);
        Path users = home.resolve("data/dbms/auth.ini");
        Files.deleteIfExists(users);
        Files.writeString(home.resolve("conf/neo4j.conf"),
                "dbms.security.auth_minimum_password_length=" + input.substring(0, input.indexOf(' ')) + "\n");
        PrintStream silent = new PrintStream(new ByteArrayOutputStream());
        ExecutionContext context = new ExecutionContext(home, home.resolve("conf"), silent, silent, new org.neo4j.io.fs.DefaultFileSystemAbstraction());
        CommandLine line = new CommandLine(new SetInitialPasswordCommand(context)).setExpandAtFiles(false);
        line.setErr(new java.io.PrintWriter(silent)).setOut(new java.io.PrintWriter(silent));
        int status = line.execute("--", password);
        if (status != 0 || !Files.exists(users)) return "refused";
        return isStored(Files.readString(users).strip(), password) ? "taken" : "another one is stored";
    }

    private static boolean isStored(String line, String password) throws Exception {
        String[] parts = line.split(":")[1].split(",");
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        sha.update(HexFormat.of().parseHex(parts[2].toLowerCase()));
        byte[] digest = sha.digest(password.getBytes(StandardCharsets.UTF_8));
        for (int i = 1; i < Integer.parseInt(parts[3]); i++) digest = sha.digest(digest);
        return HexFormat.of().formatHex(digest).equalsIgnoreCase(parts[1]);
    }

    /** What Fleet Manager reads of a token; releases without it say nothing. */
    private static String token(String token) throws Exception {
        Class<?> utils;
        try {
            utils = Class.forName("org.neo4j.fleetmanagement.utils.TokenUtils");
        } catch (ClassNotFoundException e) {
            return "-";
        }
        try {
            Object key = utils.getMethod("parseToken", String.class).invoke(null, token);
            Object project = key.getClass().getMethod("projectId").invoke(key);
            Instant expiry = (Instant) key.getClass().getMethod("expiryTime").invoke(key);
            return "taken: " + project + " " + expiry.getEpochSecond();
        } catch (InvocationTargetException | NullPointerException e) { // the procedure would end with it, too
            return "refused";
        }
    }

    /** The command that the bootloader prints for a server with these flags, without what it has of its own. */
    private static String command(String flags) throws IOException {
        Files.writeString(home.resolve("conf/neo4j.conf"), flags.isEmpty() ? "" : "server.jvm.additional=" + ascii(flags) + "\n");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream to = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream silent = new PrintStream(new ByteArrayOutputStream());
        Environment environment = new Environment(to, silent,
                name -> "NEO4J_HOME".equals(name) ? home.toString() : null, System::getProperty, Runtime.version());
        int status = Neo4jAdminCommand.asCommandLine(new Neo4jCommand(environment), environment)
                .execute("console", "--dry-run");
        return status == 0 ? "prints: " + out.toString(StandardCharsets.UTF_8).strip() : "refused";
    }

    static String unescape(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            switch (text.charAt(++i)) {
                case 't' -> out.append('\t');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 's' -> out.append(' ');
                case 'e' -> { }
                default -> out.append(text.charAt(i));
            }
        }
        return out.toString();
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    }
}
