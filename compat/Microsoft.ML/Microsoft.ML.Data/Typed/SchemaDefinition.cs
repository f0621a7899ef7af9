using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How the members of a user's class are columns.</summary>
public sealed class SchemaDefinition : List<SchemaDefinition.Column>
{
    private SchemaDefinition()
    {
    }

    /// <summary>Whether objects are read from or written to.</summary>
    [Flags]
    public enum Direction
    {
        Read = 1,
        Write = 2,
        Both = Read | Write,
    }

    public Column this[string columnName]
    {
        get => Find(c => c.ColumnName == columnName);
        set
        {
            Contracts.CheckValue(value, nameof(value));
            Contracts.CheckParam(value.ColumnName == columnName, nameof(columnName), $"The column is named '{value.ColumnName}', not '{columnName}'.");
            int index = FindIndex(c => c.ColumnName == columnName);
            if (index < 0)
                Add(value);
            else
                this[index] = value;
        }
    }

    /// <summary>The definition that the class's members and their attributes say.</summary>
    public static SchemaDefinition Create(Type userType, Direction direction = Direction.Both)
    {
        var definition = new SchemaDefinition();
        foreach (MemberInfo member in UserMembers.Of(userType, direction))
        {
            string name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name;
            Contracts.CheckParam(definition[name] is null, nameof(userType), $"Duplicate column name '{name}' detected, this is disallowed");
            definition.Add(new Column(member.Name, UserMembers.ColumnTypeOf(member), name));
        }

        return definition;
    }

    /// <summary>One member and its column.</summary>
    public sealed class Column
    {
        private readonly Dictionary<string, (DataViewType Type, Delegate Getter)> _annotations = [];

        internal Column(string memberName, DataViewType columnType, string columnName)
        {
            MemberName = Contracts.CheckNonEmpty(memberName, nameof(memberName));
            ColumnName = columnName;
            ColumnType = columnType;
        }

        public string MemberName { get; }

        public string ColumnName { get; set; }

        public DataViewType ColumnType { get; set; }

        public DataViewSchema.Annotations Annotations
        {
            get
            {
                var builder = new DataViewSchema.Annotations.Builder();
                foreach ((string kind, (DataViewType type, Delegate getter)) in _annotations)
                    builder.Add(kind, type, getter);
                return builder.ToAnnotations();
            }
        }

        public void AddAnnotation<T>(string kind, T value, DataViewType annotationType)
        {
            Contracts.CheckValue(kind, nameof(kind));
            Contracts.CheckValue(annotationType, nameof(annotationType));
            Contracts.Check(!_annotations.ContainsKey(kind), "Column already contains an annotation of this kind.");
            _annotations[kind] = (annotationType, MemberGetters.Create(typeof(T), annotationType, () => value));
        }
    }
}
