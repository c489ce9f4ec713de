// A member of the archive that nothing needs, and that is therefore left out.
int number(int index)
{
	return index * index;
}
