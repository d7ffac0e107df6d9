// Command consumer is a provider that represents all others that are configured with a bearer token. It reads addresses
// with the Authorization header that it is given.
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
