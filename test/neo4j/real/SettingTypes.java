// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.TreeMap;
import org.neo4j.configuration.Config;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.SettingValueParser;
import org.neo4j.configuration.SettingValueParsers;
import org.neo4j.graphdb.config.Setting;

/** Each setting of a release whose value has one of the grammars that neofleet knows, one a line: NAME TAB GRAMMAR. */
public class SettingTypes {
    private static final Object[][] GRAMMARS = {
        {"size", SettingValueParsers.BYTES},
        {"duration", SettingValueParsers.DURATION},
        {"boolean", SettingValueParsers.BOOL},
        {"integer", SettingValueParsers.INT},
        {"long", SettingValueParsers.LONG},
        {"address", SettingValueParsers.SOCKET_ADDRESS},
    };

    public static void main(String[] args) throws ReflectiveOperationException {
        Config config = Config.newBuilder()
                .set(GraphDatabaseSettings.neo4j_home, Path.of("/nonexistent"))
                .build();
        TreeMap<String, Object> grammars = new TreeMap<>();
        for (Setting<Object> setting : config.getDeclaredSettings().values()) {
            Object grammar = grammar(setting);
            if (grammar != null && !setting.name().startsWith("internal.")) grammars.put(setting.name(), grammar);
        }
        grammars.forEach((name, grammar) -> System.out.println(name + "\t" + grammar));
    }

    private static Object grammar(Object setting) throws ReflectiveOperationException {
        for (Class<?> type = setting.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!SettingValueParser.class.isAssignableFrom(field.getType())) continue;
                field.setAccessible(true);
                for (Object[] grammar : GRAMMARS) {
                    if (field.get(setting) == grammar[1]) return grammar[0];
                }
            }
        }
        return null;
    }
}
