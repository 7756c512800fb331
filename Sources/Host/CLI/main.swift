print("barejax")
