import JaxIR
