// Command consumer is a provider that stands for all providers that are configured with a bearer token. Its data source
// sends GET requests with the configured Authorization header.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	err := providerserver.Serve(context.Background(), newBearerProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-goto/bearer",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
