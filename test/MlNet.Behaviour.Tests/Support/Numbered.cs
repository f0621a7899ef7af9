namespace MlNet.Behaviour.Tests;

public sealed class Numbered
{
    public int Number { get; set; }

    public string Name { get; set; }

    public static List<Numbered> Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new Numbered { Number = i, Name = $"row {i}" })];
}
