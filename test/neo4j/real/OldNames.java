// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.neo4j.configuration.SettingMigrator;
import org.neo4j.logging.NullLog;

/**
 * What becomes of each name of a setting that a release migrates, one a line: OLD TAB NEW, where NEW is "-" for one that is dropped and
 * "NAME (VALUE)" where the value changes, too. Every text in the jars of the class path that could be a name is given to the
 * release's own migrators, and so is every setting of a connector by its old prefix.
 */
public class OldNames {
    private static final Pattern NAME = Pattern.compile("[a-z][A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]+)+");
    private static final Pattern CONNECTOR = Pattern.compile("server\\.(bolt|http|https)\\.(.+)");
    private static final List<String> VALUES = List.of("1", "true", "false");

    public static void main(String[] args) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        for (String jar : System.getProperty("java.class.path").split(":")) {
            if (jar.endsWith(".jar")) readJar(jar, names);
        }
        TreeSet<String> candidates = new TreeSet<>(names);
        for (String name : names) {
            var connector = CONNECTOR.matcher(name);
            if (connector.matches()) candidates.add("dbms.connector." + connector.group(1) + "." + connector.group(2));
        }
        for (String name : candidates) {
            String fate = fate(name);
            if (fate != null) System.out.println(name + "\t" + fate);
        }
    }

    private static String fate(String name) {
        TreeSet<String> fates = new TreeSet<>();
        String renamed = null;
        for (String value : VALUES) {
            Map<String, String> values = new HashMap<>(Map.of(name, value));
            try {
                for (SettingMigrator migrator : ServiceLoader.load(SettingMigrator.class)) {
                    migrator.migrate(values, new HashMap<>(), NullLog.getInstance());
                }
            } catch (IllegalArgumentException e) {
                continue; // the migrator wants another value
            }
            if (values.equals(Map.of(name, value))) return null;
            if (values.isEmpty()) return "-";
            var first = values.entrySet().iterator().next();
            renamed = first.getKey();
            fates.add(first.getValue().equals(value) ? "" : value + " becomes " + first.getValue());
        }
        fates.remove("");
        return fates.isEmpty() ? renamed : renamed + " (" + String.join(", ", fates) + ")";
    }

    private static void readJar(String path, TreeSet<String> names) throws IOException {
        try (ZipFile jar = new ZipFile(path)) {
            for (var entries = jar.entries(); entries.hasMoreElements(); ) {
                var entry = entries.nextElement();
                if (entry.getName().endsWith(".class") && entry.getName().contains("neo4j")) {
                    readClass(jar.getInputStream(entry).readAllBytes(), names);
                }
            }
        }
    }

    /** The texts of a class file's constant pool. */
    private static void readClass(byte[] bytes, TreeSet<String> names) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        in.skipBytes(8);
        int n = in.readUnsignedShort();
        for (int i = 1; i < n; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> {
                    String text = in.readUTF();
                    if (text.length() < 150 && NAME.matcher(text).matches()) names.add(text);
                }
                case 7, 8, 16, 19, 20 -> in.skipBytes(2);
                case 15 -> in.skipBytes(3);
                case 5, 6 -> {
                    in.skipBytes(8);
                    i++;
                }
                default -> in.skipBytes(4);
            }
        }
    }
}
