// Command panickingprovider is the provider with a clock that panics when it is read for the GOTO_STORIES_PANIC_AT-th
// time, so that the provider crashes in the middle of its work.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

func main() {
	last, err := strconv.ParseInt(os.Getenv("GOTO_STORIES_PANIC_AT"), 10, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var read atomic.Int64
	clock := func() time.Time {
		if read.Add(1) == last {
			panic("the clock is broken")
		}
		return time.Now()
	}
	err = providerserver.Serve(context.Background(), provider.New("panicking", provider.WithClock(clock)), providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-goto/goto",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
