namespace System.Runtime.CompilerServices;

/// <summary>Lets this assembly use the internals of another at run time; the runtime knows the attribute by its name.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
