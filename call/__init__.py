"""The vocabulary every trade shares: sound, time, legs, the media plane, and the errors."""
