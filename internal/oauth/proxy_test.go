package oauth_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// proxyProcess is the environment variable that makes this binary run one case. Each case needs its own process because
// Go reads the proxy from the environment only once.
const proxyProcess = "OAUTH_TEST_PROXY_PROCESS"

// The proxy comes from the environment, and its password appears in no error. Go ignores or misreads malformed proxy
// addresses, so the provider refuses them.
func TestProxyIsUsed(t *testing.T) {
	t.Parallel()

	if os.Getenv(proxyProcess) != "" {
		askThroughProxy(t)
		return
	}
	address := refusing(t)
	for proxy, want := range map[string]string{
		"http://user:hunter2@" + address:    "proxyconnect tcp: dial tcp " + address + ": connect",
		"http://user:hunter2@[::1":          "refused",
		"http://us%er:hunter2@proxy":        "refused",
		"://user:hunter2@proxy:hunter2":     "refused",
		"http://user:hunter2#@proxy":        "refused",
		"http:/user:hunter2@proxy":          "refused",
		"gopher://user:hunter2@127.0.0.1:1": "refused",
	} {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyIsUsed$")
		for _, variable := range os.Environ() {
			if name, _, _ := strings.Cut(variable, "="); !strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
				command.Env = append(command.Env, variable)
			}
		}
		command.Env = append(command.Env, "HTTPS_PROXY="+proxy, proxyProcess+"=1", "GORACE=atexit_sleep_ms=0")
		output, err := command.CombinedOutput()
		if said := string(output); err != nil || !strings.Contains(said, want) || strings.Contains(said, "hunter2") {
			t.Errorf("%s: %v\n%s", proxy, err, said)
		}
	}
}

func askThroughProxy(t *testing.T) {
	t.Helper()
	endpoint := newEndpoint(t, "https://goto.invalid")
	dial := transport(t, endpoint).DialContext
	transport(t, endpoint).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			return nil, errDial // avoids DNS lookups
		}
		return dial(ctx, network, address)
	}
	_, err := endpoint.Token(t.Context(), theClient, codeGrant, ready)
	failure := tokenError(t, err)
	if failure.Outcome != oauth.NotSent {
		t.Errorf("outcome %d", failure.Outcome)
	}
	fmt.Println(failure)
}
