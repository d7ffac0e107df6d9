package engine

import (
	"fmt"
	"os"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// Intent is a token request that was about to be sent. It is stored in the entry before the request is sent, so that
// the next process knows about it if this one is killed. It holds no secret.
type Intent struct {
	Grant   oauth.GrantType
	At      time.Time
	Until   time.Time // the latest time at which its process gives up
	Host    string    // empty if the machine has no name
	Process int
}

func newIntent(grant oauth.GrantType, now time.Time, budget time.Duration) *Intent {
	host, err := os.Hostname()
	if err != nil {
		host = "" // the process ID alone still helps
	}
	return &Intent{Grant: grant, At: now.UTC(), Until: now.UTC().Add(budget), Host: host, Process: os.Getpid()}
}

// is reports whether i and other are the same request.
func (i *Intent) is(other *Intent) bool {
	return i != nil && other != nil && i.At.Equal(other.At) && i.Host == other.Host && i.Process == other.Process
}

// String returns the process that sent the request, and when.
func (i Intent) String() string {
	who := fmt.Sprintf("process %d", i.Process)
	if i.Host != "" {
		who += " on " + i.Host
	}
	return who + ", " + i.At.Format("January 2, 2006 at 15:04:05 UTC")
}
