print("flawless")
