// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.neo4j.io.fs.DefaultFileSystemAbstraction;
import org.neo4j.pki.PkiUtils;

/**
 * What a release makes of each pair NAME.key and NAME.crt in the folder of the first argument, one a line: NAME TAB VERDICT. "refused": its
 * own loader of keys or certificates does not take them; "no handshake": it does, and no client can speak with it.
 */
public class TlsPairs {
    private static final X509TrustManager TRUSTING = new X509TrustManager() {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    };

    public static void main(String[] args) throws Exception {
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path key : files.filter(file -> file.toString().endsWith(".key")).sorted().toList()) {
                String name = key.getFileName().toString().replace(".key", "");
                System.out.println(name + "\t" + verdict(key, key.resolveSibling(name + ".crt")));
            }
        }
        System.exit(0);
    }

    private static String verdict(Path keyFile, Path chainFile) {
        PrivateKey key;
        X509Certificate[] chain;
        try (DefaultFileSystemAbstraction files = new DefaultFileSystemAbstraction()) {
            chain = PkiUtils.loadCertificates(files, chainFile);
            key = PkiUtils.loadPrivateKey(files, keyFile);
        } catch (Exception | NoSuchMethodError e) {
            return "refused";
        }
        try {
            return shakeHands(key, chain) ? "taken" : "no handshake";
        } catch (Exception e) {
            return "no handshake";
        }
    }

    private static boolean shakeHands(PrivateKey key, X509Certificate[] chain) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("key", key, new char[0], chain);
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), new TrustManager[] {TRUSTING}, null);
        try (SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0)) {
            Thread client = new Thread(() -> {
                try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.getLocalPort())) {
                    socket.startHandshake();
                } catch (Exception e) {
                    // The server's side tells.
                }
            });
            client.start();
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                socket.startHandshake();
                return true;
            } finally {
                client.join();
            }
        }
    }
}
