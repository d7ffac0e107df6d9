// Command laterprovider is the provider with its clock moved forward by GOTO_STORIES_CLOCK_OFFSET, a duration like 61m.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

func main() {
	offset, err := time.ParseDuration(os.Getenv("GOTO_STORIES_CLOCK_OFFSET"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	later := func() time.Time { return time.Now().Add(offset) }
	err = providerserver.Serve(context.Background(), provider.New("later", provider.WithClock(later)), providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-goto/goto",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
