using System.Globalization;
using System.Text;

namespace Microsoft.ML.FeatureMining.Hierarchies;

/// <summary>
/// A strict parser of class trees in Newick notation: every class exactly once, at least two children per inner node, labels on leaves only, no branch lengths,
/// nothing after the semicolon. It does not recurse, so deeply nested text cannot overflow the stack.
/// </summary>
internal sealed class NewickReader(string text, IReadOnlyList<string>? classNames)
{
    private const string Special = "(),;'";

    private readonly List<HierarchyNode> _nodes = [];
    private readonly List<int> _children = [];
    private readonly HashSet<int> _seen = [];
    private readonly int _commas = text.Count(character => character == ',');
    private int _at;

    public IReadOnlyList<HierarchyNode> Read()
    {
        int parent = -1;
        do
        {
            while (Take('('))
            {
                parent = Add(parent, -1);
                // Each inner node has two children at least, with a comma between them. A file of brackets must not fill the memory.
                if (_nodes.Count - _seen.Count > 2 * (_commas + 1))
                {
                    throw Problem("there are more inner nodes than a tree with this many commas has");
                }
            }

            Add(parent, ReadClass());
            while (parent >= 0 && Take(')'))
            {
                parent = Close(parent);
            }
        } while (parent >= 0 && Expect(','));

        Expect(';');
        SkipSpace();
        return _at < text.Length ? throw Problem("there is text after the semicolon that ends the tree") : Complete();
    }

    private IReadOnlyList<HierarchyNode> Complete()
    {
        int expected = classNames?.Count ?? _seen.Count;
        for (int i = 0; i < expected; i++)
        {
            if (!_seen.Contains(i))
            {
                throw new FormatException(
                    classNames is null
                        ? $"The hierarchy has {_seen.Count} leaves, but class {i} is missing. Leaves must be the class numbers 0 to {_seen.Count - 1}."
                        : $"The class '{classNames[i]}' is missing from the hierarchy. Every class must be a leaf."
                );
            }
        }

        return _seen.Count >= 2 ? _nodes : throw new FormatException("A hierarchy needs at least two classes.");
    }

    private int Add(int parent, int @class)
    {
        _nodes.Add(new HierarchyNode(parent, @class));
        _children.Add(0);
        if (parent >= 0)
        {
            _children[parent]++;
        }

        return _nodes.Count - 1;
    }

    private int Close(int node) => _children[node] >= 2 ? _nodes[node].Parent : throw Problem("an inner node has one child; it needs at least two");

    private int ReadClass()
    {
        SkipSpace();
        string name = _at < text.Length && text[_at] == '\'' ? ReadQuoted() : ReadPlain();
        int found =
            classNames is not null ? Enumerable.Range(0, classNames.Count).FirstOrDefault(i => classNames[i] == name, -1)
            : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : -1;
        if (found < 0)
        {
            throw Problem(classNames is null ? $"'{name}' is not a class number" : $"'{name}' is not the name of a class");
        }

        return _seen.Add(found) ? found : throw Problem($"the class '{name}' appears twice");
    }

    private string ReadPlain()
    {
        int first = _at;
        while (_at < text.Length && !Special.Contains(text[_at]) && !char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        return _at > first ? text[first.._at] : throw Problem("a class was expected");
    }

    private string ReadQuoted()
    {
        StringBuilder name = new();
        _at++;
        while (_at < text.Length)
        {
            char next = text[_at++];
            if (next != '\'')
            {
                name.Append(next);
            }
            else if (_at < text.Length && text[_at] == '\'')
            {
                name.Append(text[_at++]);
            }
            else
            {
                return name.ToString();
            }
        }

        throw Problem("a quoted name has no closing quote");
    }

    private bool Take(char expected)
    {
        SkipSpace();
        bool found = _at < text.Length && text[_at] == expected;
        _at += found ? 1 : 0;
        return found;
    }

    private bool Expect(char expected) => Take(expected) ? true : throw Problem($"'{expected}' was expected");

    private void SkipSpace()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }
    }

    private FormatException Problem(string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Invalid class hierarchy at character " + $"{_at + 1}: {what}."));
}
