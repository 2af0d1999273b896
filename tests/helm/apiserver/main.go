// A Kubernetes API server in one process with the etcd that it needs, for tests: apiserver DIR PORT ETCD-PORT.
//
// It is the real one, with its validation, defaults and admission, Pod Security among it. There are no controllers and no nodes:
// what is installed is accepted, stored and never run. The token "admin" may do everything, and "tenant" what is bound to the user of this name.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	dir, port, etcdPort := os.Args[1], os.Args[2], os.Args[3]
	in := func(name string) string { return filepath.Join(dir, name) }

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	must(os.WriteFile(in("accounts.pem"), pem.EncodeToMemory(&block), 0o600))
	must(os.WriteFile(in("tokens.csv"), []byte("admin,admin,admin,system:masters\ntenant,tenant,tenant\n"), 0o600))

	at := url.URL{Scheme: "http", Host: "127.0.0.1:" + etcdPort}
	config := embed.NewConfig()
	config.Dir, config.LogLevel, config.UnsafeNoFsync = in("etcd"), "error", true
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{at}, []url.URL{at}
	peers := url.URL{Scheme: "unix", Host: "peers:0"}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peers}, []url.URL{peers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	must(os.Chdir(dir))
	etcd, err := embed.StartEtcd(config)
	must(err)
	<-etcd.Server.ReadyNotify()

	server := app.NewAPIServerCommand()
	server.SetArgs([]string{
		"--etcd-servers=" + at.String(), "--cert-dir=" + in("certificates"), "--bind-address=127.0.0.1",
		"--secure-port=" + port, "--service-cluster-ip-range=10.0.0.0/24,fd00:10::/112", "--token-auth-file=" + in("tokens.csv"),
		"--service-account-issuer=https://issuer.invalid", "--service-account-key-file=" + in("accounts.pem"),
		"--service-account-signing-key-file=" + in("accounts.pem"), "--authorization-mode=RBAC",
		// What a controller would have to make first.
		"--disable-admission-plugins=ServiceAccount",
	})
	must(server.Execute())
}
